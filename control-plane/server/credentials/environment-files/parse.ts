import { variableFault } from "../../../../pod-protocol/environment.ts"

const FILE_BYTES_MAX = 64 * 1024
const ASSIGNMENT = /^(?:export\s+)?([^=\s]+)\s*=\s*(.*)$/

/** A file that can be given to sessions: `default.env`, `<role>.env`, or one with a name of its own. */
export const ENVIRONMENT_FILE = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}\.env$/

/**
 * The variables of an environment file: `NAME=value` a line, `export` in front of it if one likes, `#` for comments, a
 * value as it is, in `'…'` (nothing in it means anything) or in `"…"` (with `\"`, `\\` and `\$`). Nothing is expanded; of
 * two lines for one name the later counts. What is wrong is added to `faults` with file and line, never with a value.
 */
export function parseEnvironmentFile(file: string, text: string, faults: string[]): Record<string, string> {
  const variables: Record<string, string> = {}
  if (Buffer.byteLength(text) > FILE_BYTES_MAX) {
    faults.push(`${file}: more than ${FILE_BYTES_MAX / 1024} KiB`)
    return variables
  }
  for (const [index, line] of text
    .replace(/^\ufeff/, "")
    .split(/\r?\n/)
    .entries()) {
    const trimmed = line.trim()
    if (trimmed === "" || trimmed.startsWith("#")) continue
    const where = `${file}, line ${index + 1}`
    const [, name, rest = ""] = ASSIGNMENT.exec(trimmed) ?? []
    if (name === undefined) {
      // The line itself may be part of a value.
      faults.push(`${where}: not of the form NAME=value`)
      continue
    }
    const value = readValue(rest)
    const fault = value === null ? "has a quote that is not closed" : variableFault(name, value)
    if (fault !== null) faults.push(`${where}: ${nameFor(name)} ${fault}`)
    else variables[name] = value ?? ""
  }
  return variables
}

/** Null for a quote that is not closed, or that something stands behind. */
function readValue(text: string): string | null {
  if (text.startsWith("'")) return /^'([^']*)'\s*(?:#.*)?$/.exec(text)?.[1] ?? null
  if (text.startsWith('"')) {
    const quoted = /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/.exec(text)?.[1]
    return quoted?.replace(/\\(["\\$])/g, "$1") ?? null
  }
  return text.replace(/(^|\s+)#.*$/, "")
}

/** What stands in front of the first `=` may be a value that was cut over two lines. */
function nameFor(text: string): string {
  return /^[A-Za-z0-9_]{1,64}$/.test(text) ? text : "what stands before the ="
}
