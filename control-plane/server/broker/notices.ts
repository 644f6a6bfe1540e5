import type { Logger } from "../observability/index.ts"
import type { Clock } from "../time/index.ts"
import type { Transcripts } from "../transcripts/types.ts"
import type { CallerSession } from "./identity/callers.ts"
import { createRepeats } from "./repeats.ts"

/** In an hour; what is beyond that is told together. */
const TOLD_APART_MAX = 5
// A person who tries again after that is told again.
const AGAIN_AFTER_MS_MAX = 300_000
const MESSAGE_CHARACTERS_MAX = 1_000
const OTHER_PROVIDERS = "More model providers are left out of this session. An administrator sees which."
const OTHERS = "Git was refused more than is listed here. The agent was told the reason each time."

/** Tells the people who watch a session what its agent alone would know. */
export interface Notices {
  gitRefused(session: CallerSession, message: string): void
  /** A start without one of the model providers, and why: the others work. */
  providerLeftOut(session: CallerSession, provider: { id: string; faults: readonly string[] }): void
  /** A model's answer that ended before it was complete: the agent asks again, some times. */
  answerTruncated(session: CallerSession, provider: string): void
  close(): Promise<void>
}

interface Facts {
  readonly id: string
  readonly code: string
  readonly message: string
  /** What stands for messages that are too many to be told apart. */
  readonly others: string
}

/**
 * The same words once a minute at most, and ever more rarely while they go on; the audit log has the numbers. Before a
 * session runs, its failure to start says it.
 */
export function createNotices(options: {
  transcripts?: Pick<Transcripts, "publish"> | undefined
  clock: Clock
  log: Logger
}): Notices {
  const { transcripts, clock, log } = options
  const repeats = createRepeats<Facts>({
    clock,
    each_max: 1,
    kinds_max: TOLD_APART_MAX,
    window_ms_max: AGAIN_AFTER_MS_MAX,
    async tell({ id, code, message: own, others }, untold, folded) {
      if (untold > 0) return
      const message = folded.length === 0 ? own : others
      const change = { type: "notice", level: "error", code, message } as const
      await transcripts?.publish(id, change).catch((error: unknown) => {
        log.warn({ err: error, session: id, code }, "could not publish a notice to a session")
      })
    },
  })
  // Apart by code, so that a start with many broken providers does not use up what git's refusals are told with.
  const note = (facts: Facts) => repeats.note(`${facts.id} ${facts.code}`, facts.message, facts)
  return {
    gitRefused({ id, status }, message) {
      if (status === "running") note({ id, code: "git_refused", message, others: OTHERS })
    },
    providerLeftOut({ id }, provider) {
      const faults = provider.faults.map((fault) => fault.replace(/\.?$/, "."))
      const [first = "", ...others] = faults
      const more = others.length === 0 ? "" : ` (${others.length} more)`
      const message = `The model provider "${provider.id}" is left out of this session: ${first}${more} An administrator can correct it.`
      note({
        id,
        code: "provider_left_out",
        message: message.slice(0, MESSAGE_CHARACTERS_MAX).toWellFormed(),
        others: OTHER_PROVIDERS,
      })
    },
    answerTruncated({ id }, provider) {
      const message = `The model provider "${provider}" ended its answer before it was complete. The agent asks again, five times at most.`
      note({ id, code: "provider_truncated", message, others: message })
    },
    close: () => repeats.close(),
  }
}
