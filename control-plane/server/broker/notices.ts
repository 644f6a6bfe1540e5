import type { Logger } from "../observability/index.ts"
import type { Clock } from "../time/index.ts"
import type { Transcripts } from "../transcripts/types.ts"
import type { CallerSession } from "./identity/callers.ts"
import { createRepeats } from "./repeats.ts"

/** In an hour; what is beyond that is told together. */
const TOLD_APART_MAX = 5
// A person who tries again after that is told again.
const AGAIN_AFTER_MS_MAX = 300_000
const OTHERS = "Git was refused more than is listed here. The agent was told the reason each time."

/** Tells whoever watches a session what was refused to it: git tells the agent only. */
export interface Notices {
  gitRefused(session: CallerSession, message: string): void
  close(): Promise<void>
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
  const repeats = createRepeats<{ id: string; message: string }>({
    clock,
    each_max: 1,
    kinds_max: TOLD_APART_MAX,
    window_ms_max: AGAIN_AFTER_MS_MAX,
    async tell({ id, message: own }, untold, folded) {
      if (untold > 0) return
      const message = folded.length === 0 ? own : OTHERS
      const change = { type: "notice", level: "error", code: "git_refused", message } as const
      await transcripts?.publish(id, change).catch((error: unknown) => {
        log.warn({ err: error, session: id }, "could not tell a session what git was refused")
      })
    },
  })
  return {
    gitRefused({ id, status }, message) {
      if (status !== "running") return
      repeats.note(id, message, { id, message })
    },
    close: () => repeats.close(),
  }
}
