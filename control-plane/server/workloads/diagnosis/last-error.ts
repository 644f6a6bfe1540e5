const CHARACTERS_MAX = 600
const STYLES = /\u001b\[[\d;]*m/g

/**
 * The error that OpenCode printed last, with its details, out of the end of a log; null when there is none. Log lines are
 * not shown: people who may read a session do not get to read its agent's log.
 */
export function lastError(log: string): string | null {
  const lines = log.replaceAll(STYLES, "").split("\n")
  const at = lines.findLastIndex((line) => /^Error: \S/.test(line))
  if (at === -1) return null
  const rest = lines.slice(at + 1)
  const end = rest.findIndex((line) => !line.startsWith("↳ "))
  const details = end === -1 ? rest : rest.slice(0, end)
  const words = [lines[at]?.slice("Error: ".length), ...details.map((line) => line.slice(2))].join("; ")
  return words
    .replaceAll(/[\0-\x1f\x7f]/g, " ")
    .slice(0, CHARACTERS_MAX)
    .toWellFormed()
}
