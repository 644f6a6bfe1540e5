import { AppError } from "../../errors/index.ts"

export interface LoadLimits {
  readonly total_max: number
  readonly perCaller_max: number
}

const LIMITS: LoadLimits = { total_max: 1_000, perCaller_max: 100 }

/** Requests that are being answered at this moment, streams apart. */
export interface Load {
  /** Counts a request of `caller` until the returned function is called. @throws AppError `unavailable`, `too_many_requests` */
  enter(caller: string): () => void
  readonly running: number
}

/** Overload is answered at once instead of queued: one caller with many requests is told before all are. */
export function createLoad(limits: LoadLimits = LIMITS): Load {
  const callers = new Map<string, number>()
  let running = 0
  return {
    get running() {
      return running
    },
    enter(caller) {
      const own = callers.get(caller) ?? 0
      if (running >= limits.total_max) throw new AppError("unavailable", "The server is busy.", { retryAfter_s: 1 })
      if (own >= limits.perCaller_max) {
        throw new AppError("too_many_requests", "Too many requests at the same time.", { retryAfter_s: 1 })
      }
      running += 1
      callers.set(caller, own + 1)
      let left = false
      return () => {
        if (left) return
        left = true
        running -= 1
        const others = (callers.get(caller) ?? 1) - 1
        if (others > 0) callers.set(caller, others)
        else callers.delete(caller)
      }
    },
  }
}
