import { useState } from "react"
import { messageOf } from "../api/client.ts"
import type { SessionView, StartStep } from "../api/types.ts"
import { Button } from "../design/Button.tsx"
import { useNow } from "../design/hooks.ts"
import { Icon } from "../design/Icon.tsx"
import { LinkedText } from "../design/LinkedText.tsx"
import { toast } from "../design/toasts.tsx"
import { duration } from "../format/time.ts"
import { useSessionActions } from "../sessions/actions.ts"
import { useLiveSession } from "./live-context.ts"
import "./start.css"

const NAMES: Readonly<Record<StartStep["name"], string>> = {
  scheduled: "Find a node",
  image: "Get the image",
  workspace: "Prepare the workspace",
  agent: "Start the agent",
}

/** The start-up as it happens; after a failure why, and what to do. */
export function StartSteps({ session }: { session: SessionView }) {
  const starting = session.status === "creating" || session.status === "starting"
  const now = useNow(500, starting)
  const since = session.steps[0]?.startedAt ?? null
  return (
    <section className="start-card" aria-label="Start-up" data-status={session.status}>
      <div className="start-head">
        <h2>{session.status === "failed" ? "The session could not start" : "Starting the session"}</h2>
        {starting && since !== null && <span className="muted numbers">{duration(now - since)}</span>}
      </div>
      <StepList steps={session.steps.map((step) => withoutRepeat(step, session))} now={now} />
      {session.reason && <Failure session={session} />}
    </section>
  )
}

/** What the reason says already is not said twice. */
function withoutRepeat(step: StartStep, { reason }: SessionView): StartStep {
  return step.detail !== null && reason?.message.includes(step.detail) ? { ...step, detail: null } : step
}

/** Named steps with their times. */
export function StepList({ steps, now }: { steps: readonly StartStep[]; now: number }) {
  return (
    <ol className="steps">
      {steps.map((step) => (
        <li key={step.name} className="step" data-state={step.state}>
          <StepMark state={step.state} />
          <span className="step-name">
            {NAMES[step.name] ?? step.name}
            <span className="hidden-text">: {step.state}</span>
          </span>
          <span className="step-time numbers">
            {step.startedAt !== null && step.state !== "pending" && duration((step.endedAt ?? now) - step.startedAt)}
          </span>
          {step.detail !== null && step.detail !== "" && <pre className="step-detail">{step.detail}</pre>}
        </li>
      ))}
    </ol>
  )
}

function StepMark({ state }: { state: StartStep["state"] }) {
  if (state === "active") return <span className="spinner" aria-hidden="true" />
  return <Icon name={state === "done" ? "check" : state === "failed" ? "cross" : "circle"} size={14} />
}

function Failure({ session }: { session: SessionView }) {
  const [busy, setBusy] = useState(false)
  const live = useLiveSession()
  const actions = useSessionActions()
  const failed = session.status === "failed"
  async function retry() {
    setBusy(true)
    try {
      live.take(await actions.start(session.id))
    } catch (error) {
      toast("bad", messageOf(error))
    }
    setBusy(false)
  }
  return (
    <div className="start-failure" data-kind={failed ? "bad" : "wait"} role={failed ? "alert" : "status"}>
      <div>
        <strong>
          <LinkedText text={session.reason?.message ?? ""} />
        </strong>
        <p>{session.reason?.hint}</p>
      </div>
      {failed && session.may.manage && (
        <Button kind="primary" icon="retry" busy={busy} onClick={retry}>
          Retry
        </Button>
      )}
    </div>
  )
}
