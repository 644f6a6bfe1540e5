import type { SessionResult } from "./bursts.ts"
import type { Outcome } from "./outcomes.ts"

const columns = ["session", "sent", "answered", "interrupted", "unanswered", "slowest"] as const
type Row = Record<(typeof columns)[number], string | number>

/** How many prompts have no end, or not one of their own. */
export function unanswered({ sent, prompts }: SessionResult): number {
  return sent - prompts.filter(({ outcome }) => outcome !== "unanswered").length
}

/** One row a session and one for all of them. */
export function tableOf(results: readonly SessionResult[]): string {
  const rows: Row[] = results.map((result) => rowOf(result.id, [result]))
  const all = [...rows, rowOf("all", results)]
  const width = (column: keyof Row) => Math.max(column.length, ...all.map((row) => String(row[column]).length))
  const line = (row: Row) =>
    columns.map((column, index) => String(row[column])[index === 0 ? "padEnd" : "padStart"](width(column))).join("  ")
  const head = Object.fromEntries(columns.map((column) => [column, column])) as Row
  return [line(head), ...all.map(line)].join("\n")
}

function rowOf(session: string, results: readonly SessionResult[]): Row {
  const prompts = results.flatMap((result) => result.prompts)
  const count = (outcome: Outcome) => prompts.filter((prompt) => prompt.outcome === outcome).length
  return {
    session,
    sent: results.reduce((sum, { sent }) => sum + sent, 0),
    answered: count("answered"),
    interrupted: count("interrupted"),
    unanswered: results.reduce((sum, result) => sum + unanswered(result), 0),
    slowest: `${(Math.max(0, ...prompts.map(({ took_ms }) => took_ms ?? 0)) / 1000).toFixed(1)} s`,
  }
}
