import { type Summary, summarise } from "../statistics.ts"
import type { StartResult } from "./index.ts"

/** What is asked for: at most so many milliseconds, or so many times the bare pod's time. */
const statefulSet_ms_max = 300
const http_ratio_max = 1.5
const answer_ratio_max = 1.2

export interface StartReport {
  readonly summaries: Readonly<Record<keyof StartResult, Readonly<Record<string, Summary>>>>
  readonly goals: readonly {
    readonly name: string
    readonly value: number
    readonly limit: number
    readonly met: boolean
  }[]
}

/** Medians, spread and ratios of a measurement. */
export function reportStart(result: StartResult): StartReport {
  const summaries = {
    sleep: summarise(result.sleep),
    bare: summarise(result.bare),
    session: summarise(result.session),
    clone: summarise(result.clone),
  }
  const { bare, session } = summaries
  const ratio = (point: string) => (session[point]?.median_ms ?? Number.NaN) / (bare[point]?.median_ms ?? Number.NaN)
  const goal = (name: string, value: number, limit: number) => ({
    ...{ name, limit, value: Math.round(value * 100) / 100, met: value <= limit },
  })
  return {
    summaries,
    goals: [
      goal("POST to StatefulSet, ms", session["statefulSet"]?.median_ms ?? Number.NaN, statefulSet_ms_max),
      goal("POST to agent HTTP 200, times the bare pod's", ratio("http"), http_ratio_max),
      goal("POST to end of first answer, times the bare pod's", ratio("answer"), answer_ratio_max),
    ],
  }
}

const rows: readonly [kind: keyof StartResult, point: string, words: string][] = [
  ["sleep", "ready", "bare sleep pod: create → Ready"],
  ["bare", "scheduled", "bare OpenCode pod: create → scheduled"],
  ["bare", "address", "bare OpenCode pod: create → address"],
  ["bare", "http", "bare OpenCode pod: create → HTTP 200"],
  ["bare", "turn", "bare OpenCode pod: its first turn alone"],
  ["bare", "answer", "bare OpenCode pod: create → end of first answer"],
  ["session", "posted", "session: POST → 201"],
  ["session", "statefulSet", "session: POST → StatefulSet"],
  ["session", "pod", "session: POST → pod"],
  ["session", "scheduled", "session: POST → scheduled (volume bound)"],
  ["session", "prepared", "session: POST → workspace prepared"],
  ["session", "address", "session: POST → address (told by the kubelet)"],
  ["session", "http", "session: POST → agent HTTP 200"],
  ["session", "running", "session: POST → running"],
  ["session", "answer", "session: POST → end of first answer"],
  ["clone", "prepared", "session on the sample repository: POST → workspace prepared"],
  ["clone", "answer", "session on the sample repository: POST → end of first answer"],
]

/** The report as a table for people. */
export function startTable({ summaries, goals }: StartReport): string {
  const head = ["", "median ms", "min", "max", "n", "left out"]
  const body = rows.flatMap(([kind, point, words]) => {
    const summary = summaries[kind][point]
    if (summary === undefined) return []
    const { median_ms, min_ms, max_ms, samples, leftOut } = summary
    return [[words, ...[median_ms, min_ms, max_ms, samples, leftOut].map(String)]]
  })
  const table = [head, ...body]
  const widths = head.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  const lines = table.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  "),
  )
  const verdicts = goals.map(({ name, value, limit, met }) => `${met ? "✓" : "✗"} ${name}: ${value} (at most ${limit})`)
  return [...lines, "", ...verdicts].join("\n")
}
