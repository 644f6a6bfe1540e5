import { readFileSync } from "node:fs"
import { setTimeout as pause } from "node:timers/promises"

/** A second counts as quiet when the host took less than this share of the processors … */
const quiet_steal_max = 0.05
/** … and at least this share of them had nothing to do. */
const quiet_idle_min = 0.6
const quiet_wait_ms = 60_000

/** Shares of all processors' time between two looks, 0 to 1. */
export interface Shares {
  /** Taken away by the host. */
  readonly steal: number
  readonly idle: number
}

/** The first line of /proc/stat in ticks: all, idle (with waiting for disks) and stolen. */
interface Ticks {
  readonly total: number
  readonly idle: number
  readonly steal: number
}

/** Parses the text of /proc/stat (proc(5)). */
export function parseTicks(text: string): Ticks {
  const [, ...fields] = (text.split("\n")[0] ?? "").trim().split(/\s+/)
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = fields.map(Number)
  return {
    total: user + nice + system + idle + iowait + irq + softirq + steal,
    idle: idle + iowait,
    steal,
  }
}

/** What share of the time between two looks was stolen, and what share idle. */
export function sharesBetween(before: Ticks, after: Ticks): Shares {
  const total = Math.max(1, after.total - before.total)
  return { steal: (after.steal - before.steal) / total, idle: (after.idle - before.idle) / total }
}

/** Starts to measure; the function that it returns answers the shares since then. */
export function watchShares(): () => Shares {
  const before = look()
  return () => sharesBetween(before, look())
}

/** Waits for a quiet second, a minute at most. @returns whether there was one */
export async function quietSecond(): Promise<boolean> {
  const deadline = Date.now() + quiet_wait_ms
  while (Date.now() < deadline) {
    const shares = watchShares()
    await pause(1_000)
    const { steal, idle } = shares()
    if (steal < quiet_steal_max && idle >= quiet_idle_min) return true
  }
  return false
}

function look(): Ticks {
  return parseTicks(readFileSync("/proc/stat", "utf8"))
}
