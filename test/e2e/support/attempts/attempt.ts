/** Something that an agent tries in order to get at what it must not have. */
export interface Attempt {
  readonly name: string
  /** What stands in its way. */
  readonly refusedBy: string
  /** For bash, as the agent's user. `ask` is curl that prints the status, `$loot` a directory of the workspace. */
  readonly script: string
  /** The refusal in the words that the agent gets to see. */
  readonly refusal: RegExp
}

/** An attempt as it went. */
export interface Outcome {
  readonly attempt: Attempt
  /** The beginning of what it printed. */
  readonly output: string
}

const shown_bytes = 600
const attempt_timeout_s = 90
const loot = "/workspace/repo/loot"
const preamble = `loot=${loot}; ask() { curl -sS -m 20 --path-as-is -w ' [HTTP %{http_code}]' "$@"; }`

/**
 * One line of bash that carries out all attempts at once and prints the beginning of what each printed. Everything they
 * print stays in the workspace, where what the agent has got hold of can be searched.
 * @param group names the files
 */
export function commandOf(group: string, attempts: readonly Attempt[]): string {
  const runs = attempts.map(({ script }, index) => {
    const text = Buffer.from(`${preamble}\n${script}`).toString("base64")
    return `timeout ${attempt_timeout_s} bash -c "$(base64 -d <<<${text})" >${loot}/${group}-${index}.txt 2>&1 </dev/null &`
  })
  const show = `for n in $(seq 0 ${attempts.length - 1}); do echo "=== $n"; head -c ${shown_bytes} ${loot}/${group}-$n.txt; echo; done`
  const whole = [`mkdir -p ${loot}`, ...runs, "wait", show].join("\n")
  return `base64 -d <<<${Buffer.from(whole).toString("base64")} | bash`
}

/** What each attempt of a group has printed. */
export function outcomesOf(attempts: readonly Attempt[], output: string): Outcome[] {
  const parts = new Map(
    output.split(/^=== (?=\d+$)/m).map((part) => {
      const end = part.indexOf("\n")
      return [Number(part.slice(0, end)), part.slice(end + 1).trim()] as const
    }),
  )
  return attempts.map((attempt, index) => ({ attempt, output: parts.get(index) ?? "(nothing was run)" }))
}

/** A table for people: what was tried, what refuses it, in which words. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ attempt, output }) => {
    const words = (attempt.refusal.exec(output)?.[0] ?? `NOT REFUSED: ${output}`).replace(/\s+/g, " ")
    return [attempt.name, attempt.refusedBy, words.slice(0, 110)]
  })
  const all = [["attempt", "refused by", "observed"], ...rows]
  const width = (column: number) => Math.max(...all.map((row) => row[column]?.length ?? 0))
  return all.map((row) => row.map((cell, column) => cell.padEnd(column < 2 ? width(column) : 0)).join(" | ")).join("\n")
}
