import type { AgentTarget } from "../../runtime/types.ts"
import type { Change } from "../../transcripts/types.ts"
import { hintFor, type PodObservation } from "../../workloads/index.ts"
import type { Reason } from "../../workloads/types.ts"
import { TIMES } from "./limits.ts"
import type { Pass } from "./pass.ts"

/** An agent that is alone can be compared with nothing, so it gets this many times the patience. */
const ALONE_TIMES = 3

/**
 * Gives a running agent a new pod when it no longer answers, or answers and cannot be followed. That takes observations
 * of this agent: the same works with other agents from here, its node answers, our own store was not in the way, and it is
 * asked once more right before.
 */
export async function replaceIfLost(pass: Pass, pod: PodObservation, target: AgentTarget): Promise<void> {
  const { parts, session, journal, guard } = pass
  const agent = pod.containers.find((container) => container.name === "agent")
  if (session.status !== "running" || agent?.state !== "running" || !pod.nodeReady) return
  const notice = await causeOf(pass, target)
  if (notice === null) return
  // Stored first: the lease is checked by it, and nobody loses a pod without a word.
  await parts.transcripts.append(journal.lease, [notice])
  await parts.workloads.deletePod(pod, guard)
}

async function causeOf({ parts, link, session }: Pass, target: AgentTarget): Promise<Change | null> {
  const now = parts.clock.now()
  const others = parts.neighbours(session.id)
  const heard = others.map((other) => other.heard)
  if (link.silent_ms(now) > patience_ms(parts.wedged_ms, heard)) return (await link.answers(target)) ? null : WEDGED
  const followed = others.map((other) => other.followed)
  if (link.unfollowed_ms(now) <= patience_ms(parts.unfollowed_ms, followed)) return null
  if (!(await link.answers(target))) return null
  return { ...UNREADABLE, message: `${UNREADABLE.message} The reason: ${link.brokeBecause ?? "it takes too long"}.` }
}

/** When the same fails with every other agent, the cause is between them and this replica, or the replica itself. */
function patience_ms(limit_ms: number, others: readonly boolean[]): number {
  if (others.includes(true)) return limit_ms
  return others.length > 0 ? Number.POSITIVE_INFINITY : ALONE_TIMES * limit_ms
}

const WEDGED: Change = {
  type: "notice",
  level: "error",
  code: "agent_wedged",
  message: "The agent stopped answering. It gets a new pod; the workspace is kept.",
}

const UNREADABLE = {
  type: "notice",
  level: "error",
  code: "agent_unreadable",
  message: "The agent answered, but its conversation could not be read. It gets a new pod; the workspace is kept.",
} as const

/** Why a running session is not in step with its agent; null while that is nothing to speak of. */
export function whyApart({ parts, link }: Pass, pod: PodObservation | null): Reason | null {
  const now = parts.clock.now()
  if (pod?.nodeReady === false) return reason("node_not_ready", "The node that runs this session does not answer.")
  if (link.trouble !== null) return notStored(link.trouble)
  if (link.silent_ms(now) > TIMES.told_ms) return reason("agent_silent", "The agent does not answer.")
  if (link.unfollowed_ms(now) <= TIMES.told_ms) return null
  const words = link.brokeBecause ?? "it takes too long"
  return reason("agent_unreadable", `The agent answers, but its conversation cannot be read: ${words}`)
}

/** The agent is well, and our own store takes nothing from it; `words` say why. */
export function notStored(words: string): Reason {
  return reason("not_stored", `The control plane cannot store what the agent says. ${words}`)
}

function reason(code: string, message: string): Reason {
  return { code, message, hint: hintFor(code) }
}
