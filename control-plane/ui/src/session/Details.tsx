import { type ReactNode, type RefObject, useEffect, useMemo, useRef, useState } from "react"
import type { SessionView, TodoItem } from "../api/types.ts"
import { keep, recall } from "../app/storage.ts"
import { IconButton } from "../design/Button.tsx"
import { copy } from "../design/clipboard.ts"
import { Icon, type IconName } from "../design/Icon.tsx"
import { LinkedText } from "../design/LinkedText.tsx"
import { compact, dollars } from "../format/numbers.ts"
import { fullTime } from "../format/time.ts"
import { bindingName } from "../new-session/options.ts"
import { usageOf } from "../transcript/rows.ts"
import type { Notice, TranscriptState } from "../transcript/state.ts"
import { helperLine } from "./helper-line.ts"
import { KeptFiles } from "./KeptFiles.tsx"
import { StepList } from "./StartSteps.tsx"
import { Volume } from "./Volume.tsx"
import "./details.css"

const WIDE = "(min-width: 1200px)"

/** Whether the details are shown: as last chosen where there is room beside the transcript, else not. */
export function useDetailsOpen(): [boolean, (open: boolean) => void] {
  const [open, setOpen] = useState(() => window.matchMedia(WIDE).matches && recall<boolean>("details") !== false)
  return [
    open,
    (next) => {
      if (window.matchMedia(WIDE).matches) keep("details", next)
      setOpen(next)
    },
  ]
}

interface DetailsProps {
  readonly session: SessionView
  readonly state: TranscriptState
  readonly onClose: () => void
}

/** Beside the transcript: plan, use, and what helps to find a fault. */
export function Details({ session, state, onClose }: DetailsProps) {
  const aside = useRef<HTMLElement>(null)
  useOverlay(aside)
  return (
    <aside
      ref={aside}
      className="details"
      aria-label="Details"
      onKeyDown={(event) => event.key === "Escape" && onClose()}
    >
      <div className="details-head">
        <h2>Details</h2>
        <IconButton icon="cross" label="Close details" onClick={onClose} />
      </div>
      {state.todos.length > 0 && (
        <Todos todos={state.todos} busy={session.status === "running" && session.activity === "busy"} />
      )}
      <Facts session={session} state={state} />
      <KeptFiles session={session} />
      <Refusals notices={state.notices} />
      {session.status === "running" && session.steps.length > 0 && (
        <details className="details-fold">
          <summary>Last start</summary>
          <StepList steps={session.steps} now={session.updatedAt} />
        </details>
      )}
      {session.helpers && (
        <details className="details-fold">
          <summary>Start-up line of the agent</summary>
          <pre className="details-line" tabIndex={0}>
            {helperLine(session.helpers)}
          </pre>
        </details>
      )}
    </aside>
  )
}

function Facts({ session, state }: Omit<DetailsProps, "onClose">) {
  const usage = useMemo(() => usageOf(state.messages.map((message) => message.body)), [state.messages])
  return (
    <dl className="facts">
      <Fact name="Owner">{session.owner.name || session.owner.email}</Fact>
      {session.repository && <Fact name="Repository">{session.repository.url}</Fact>}
      {session.repository?.ref && <Fact name="Ref">{session.repository.ref}</Fact>}
      {session.profile !== null && <Fact name="Profile">{session.profile}</Fact>}
      {session.binding != null && <Fact name="Its token">{bindingName(session.binding)}</Fact>}
      {(session.environmentFiles ?? []).length > 0 && (
        <Fact name="Environment files">{session.environmentFiles?.join(", ")}</Fact>
      )}
      {session.volume != null && (
        <Fact name="Volume">
          <Volume session={session} />
        </Fact>
      )}
      <Fact name="Created">{fullTime(session.createdAt)}</Fact>
      {usage.input + usage.output > 0 && (
        <Fact name={state.olderCursor === null ? "Tokens" : "Tokens (shown part)"}>
          <span className="numbers">
            {compact(usage.input)} in · {compact(usage.output)} out · {compact(usage.cached)} cached
          </span>
        </Fact>
      )}
      {usage.cost > 0 && <Fact name="Cost">{dollars(usage.cost)}</Fact>}
      {Object.entries(session.tags).map(([name, value]) => (
        <Fact key={name} name={name}>
          {value}
        </Fact>
      ))}
      <Fact name="Session">
        <button type="button" className="fact-copy mono" title="Copy" onClick={() => copy(session.id)}>
          {session.id}
        </button>
      </Fact>
    </dl>
  )
}

/** Where they cover the transcript, the focus goes into them, and back when they are closed. */
function useOverlay(aside: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    if (window.matchMedia(WIDE).matches) return
    const before = document.activeElement
    aside.current?.querySelector("button")?.focus()
    return () => {
      if (before instanceof HTMLElement) before.focus()
    }
  }, [aside])
}

/** What git was refused in the last hour and since this page was opened, in the words that the agent got. */
function Refusals({ notices }: { notices: readonly Notice[] }) {
  const refused = [...new Set(notices.filter(({ code }) => code === "git_refused").map(({ message }) => message))]
  if (refused.length === 0) return null
  return (
    <section className="refusals" aria-label="Refused to git">
      <h3>Refused to git</h3>
      <ul>
        {refused.map((message) => (
          <li key={message}>
            <LinkedText text={message} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

const TODO_ICONS: Readonly<Record<string, IconName>> = {
  completed: "check",
  cancelled: "cross",
  in_progress: "chevron",
}

function Todos({ todos, busy }: { todos: readonly TodoItem[]; busy: boolean }) {
  const done = todos.filter((todo) => todo.status === "completed").length
  return (
    <section className="todos" aria-label="To-do list of the agent">
      <h3>
        Plan{" "}
        <span className="muted numbers">
          {done} of {todos.length}
        </span>
      </h3>
      <ul>
        {todos.map((todo) => (
          <li key={todo.content} className="todo" data-status={todo.status}>
            {todo.status === "in_progress" && busy ? (
              <span className="spinner" aria-hidden="true" />
            ) : (
              <Icon name={TODO_ICONS[todo.status] ?? "circle"} size={14} />
            )}
            <span>
              {todo.content}
              <span className="hidden-text"> ({todo.status.replace("_", " ")})</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
