import type { Logger } from "../observability/index.ts"
import type { Clock } from "../time/index.ts"
import type { Transcripts } from "../transcripts/types.ts"
import type { CallerSession } from "./identity/callers.ts"

const AGAIN_AFTER_MS = 60_000
const REMEMBERED_MAX = 10_000

/** Tells whoever watches a session what was refused to it: git tells the agent only. */
export interface Notices {
  gitRefused(session: CallerSession, message: string): void
}

/** The same words once a minute and session. Before a session runs, its failure to start says it. */
export function createNotices(options: {
  transcripts: Pick<Transcripts, "publish"> | undefined
  clock: Clock
  log: Logger
}): Notices {
  const { transcripts, clock, log } = options
  const lastTold = new Map<string, number>()
  return {
    gitRefused(session, message) {
      const key = `${session.id} ${message}`
      if (session.status !== "running" || clock.now() - (lastTold.get(key) ?? 0) < AGAIN_AFTER_MS) return
      if (lastTold.size >= REMEMBERED_MAX) lastTold.clear()
      lastTold.set(key, clock.now())
      const change = { type: "notice", level: "error", code: "git_refused", message } as const
      transcripts?.publish(session.id, change).catch((error: unknown) => {
        log.warn({ err: error, session: session.id }, "could not tell a session what git was refused")
      })
    },
  }
}
