import { readFileSync } from "node:fs"

/** Clock ticks a second in /proc (USER_HZ), the same on every Linux that Node runs on. */
const ticks_per_second = 100

/** Starts to measure; the function that it returns answers the seconds of processor that the process used since. */
export function watchProcessor(pid: number): () => number {
  const before = ticksOf(pid)
  return () => (ticksOf(pid) - before) / ticks_per_second
}

/** User and system time (proc(5), fields 14 and 15); the name in front of them may hold anything. */
function ticksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? []
  return Number(fields[11]) + Number(fields[12])
}
