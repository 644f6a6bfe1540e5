import { AppError } from "../../errors/index.ts"

export interface LoadLimits {
  readonly total_max: number
  readonly perCaller_max: number
  /** Of answers that are made and not taken yet. */
  readonly bytes_max: number
  readonly perCallerBytes_max: number
}

const MIB = 1024 * 1024
/** As many requests as there may be with answers of this size are 64 MiB: these are never refused for their bytes. */
const SMALL_BYTES_MAX = 64 * 1024
// The largest ordinary answer is a page of messages, 8 MiB: eight of them for each caller, 32 for all.
const LIMITS: LoadLimits = {
  total_max: 1_000,
  perCaller_max: 100,
  bytes_max: 256 * MIB,
  perCallerBytes_max: 64 * MIB,
}

/** One request, from its start until its answer was taken. */
export interface Visit {
  /**
   * Counts its answer's bytes until it leaves. One that is larger than a limit goes out alone.
   * @throws AppError `unavailable`, `too_many_requests`: only where it may `refuse`
   */
  hold(bytes: number, options: { readonly refuse: boolean }): void
  /** Once is enough; more often does no harm. */
  readonly leave: () => void
}

/** Of what is answered whatever the load is. */
export const UNCOUNTED: Visit = { hold: () => undefined, leave: () => undefined }

/** Requests that are being answered at this moment, streams apart. */
export interface Load {
  /** Counts a request of `caller` until it leaves. @throws AppError `unavailable`, `too_many_requests` */
  enter(caller: string): Visit
  readonly running: number
  /** Of answers that are held. */
  readonly bytes: number
}

interface Counts {
  running: number
  bytes: number
}

/** Overload is answered at once instead of queued: one caller with many requests is told before all are. */
export function createLoad(limits: LoadLimits = LIMITS): Load {
  const callers = new Map<string, Counts>()
  const all: Counts = { running: 0, bytes: 0 }
  const add = (own: Counts, running: number, bytes: number) => {
    for (const counts of [all, own]) {
      counts.running += running
      counts.bytes += bytes
    }
  }
  return {
    get running() {
      return all.running
    },
    get bytes() {
      return all.bytes
    },
    enter(caller) {
      const own = callers.get(caller) ?? { running: 0, bytes: 0 }
      if (all.running >= limits.total_max) throw busy()
      if (own.running >= limits.perCaller_max) throw tooMany("Too many requests at the same time.")
      callers.set(caller, own)
      add(own, 1, 0)
      let held = 0
      let left = false
      return {
        hold(bytes, { refuse }) {
          // Its connection is gone: nothing of it will be sent.
          if (left) return
          if (refuse && bytes > SMALL_BYTES_MAX) {
            if (own.bytes > 0 && own.bytes + bytes > limits.perCallerBytes_max) throw tooMuch()
            if (all.bytes > 0 && all.bytes + bytes > limits.bytes_max) throw busy()
          }
          held += bytes
          add(own, 0, bytes)
        },
        leave() {
          if (left) return
          left = true
          add(own, -1, -held)
          if (own.running === 0) callers.delete(caller)
        },
      }
    },
  }
}

const busy = () => new AppError("unavailable", "The server is busy.", { retryAfter_s: 1 })
const tooMany = (message: string) => new AppError("too_many_requests", message, { retryAfter_s: 1 })
const tooMuch = () =>
  tooMany("Too much of what you have asked for is not read yet. Read it, or ask for less at a time.")
