import type { CreateSession, SessionView } from "../../../control-plane/server/sessions/service-types.ts"
import type { Change } from "../../../control-plane/server/transcripts/types.ts"
import { until } from "../../../scripts/lib/wait.ts"
import type { Client } from "../../support/client.ts"
import { followEvents } from "../../support/event-log.ts"
import { firstAnswer } from "./agent.ts"
import { hasCondition, type Observer } from "./observer.ts"

const start_timeout_ms = 90_000
const turn_timeout_ms = 60_000
const gone_timeout_ms = 60_000

export interface SessionRun {
  /** Milliseconds from the POST to each phase. */
  readonly points_ms: Record<string, number>
  readonly session: SessionView
  /** Name of its StatefulSet. */
  readonly workload: string
}

/** Makes a session, measures its way to the end of the first answer, and leaves it running. */
export async function runSession(client: Client, observer: Observer, input: CreateSession): Promise<SessionRun> {
  const label = "berth.dev/session"
  const begin = performance.now()
  const { id } = await client.create(input)
  const posted = performance.now()
  const log = followEvents(() => client, id)
  const at = { prepared: 0, running: 0, answer: 0 }
  try {
    const isOurs = ({ metadata }: { metadata?: { labels?: Record<string, string> } }) =>
      metadata?.labels?.[label] === id
    const prepared = log.waitFor("the workspace being prepared", isPrepared, start_timeout_ms).then(() => {
      at.prepared = performance.now()
    })
    const running = log
      .waitFor(
        "the session running",
        (change) => change.type === "session.updated" && change.session.status === "running",
        start_timeout_ms,
      )
      .then(() => {
        at.running = performance.now()
      })
    const answered = log
      .waitFor(
        "the end of the first answer",
        (change) => change.type === "message.updated" && isLast(change.message),
        start_timeout_ms + turn_timeout_ms,
      )
      .then(() => {
        at.answer = performance.now()
      })
    const statefulSet = await observer.statefulSet(isOurs, start_timeout_ms)
    const created = await observer.pod(isOurs, start_timeout_ms)
    const scheduled = await observer.pod((pod) => isOurs(pod) && hasCondition(pod, "PodScheduled"), start_timeout_ms)
    const addressed = await observer.pod((pod) => isOurs(pod) && pod.status?.podIP !== undefined, start_timeout_ms)
    const http = firstAnswer(addressed.object.status?.podIP ?? "", start_timeout_ms)
    const httpAt = await http
    await Promise.all([prepared, running, answered])
    const points = {
      posted,
      statefulSet: statefulSet.at,
      pod: created.at,
      scheduled: scheduled.at,
      address: addressed.at,
      http: httpAt,
      ...at,
    }
    const points_ms = Object.fromEntries(Object.entries(points).map(([name, time]) => [name, time - begin]))
    const workload = statefulSet.object.metadata?.name ?? ""
    return { points_ms, session: await client.get(id), workload }
  } finally {
    await log.close()
  }
}

/** What workspace-init has told, as the session's people see it. */
function isPrepared(change: Change): boolean {
  if (change.type !== "session.updated") return false
  const { steps } = change.session as Pick<SessionView, "steps">
  return steps.some(({ name, state }) => name === "workspace" && state === "done")
}

/** The answer that ends a turn; one that ends with tool calls goes on. */
function isLast(message: { role: string; completedAt: number | null; body: { finish?: string } }): boolean {
  return message.role === "assistant" && message.completedAt !== null && message.body.finish === "stop"
}

/** Deletes a session and waits until the API no longer knows it. */
export async function removeSession(client: Client, id: string): Promise<void> {
  await client.remove(id)
  const isGone = async () => !(await client.list()).some((session) => session.id === id)
  await until("the session being gone", isGone, { timeout_ms: gone_timeout_ms })
}
