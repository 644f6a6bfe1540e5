/** A variable of the agent's environment. The value is null where it has to be given again after a reload. */
export interface Variable {
  readonly name: string
  readonly value: string | null
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/

/** The variables of a text in the style of `.env`: `NAME=value` lines, quotes and `export` taken off, comments left out. */
export function parseVariables(text: string): readonly Variable[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const [, name, value] = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    return name === undefined || value === undefined ? [] : [{ name, value: unquoted(value) }]
  })
}

function unquoted(value: string): string {
  return /^(["'])(.*)\1$/s.exec(value)?.[2] ?? value
}

/** What keeps the variables from being sent, in words, or null. Rows without name and value count as not there. */
export function variablesFault(variables: readonly Variable[]): string | null {
  const used = usedVariables(variables)
  for (const [index, { name, value }] of used.entries()) {
    if (name === "") return "A variable needs a name."
    if (!NAME.test(name)) return `“${name}” is no name of a variable: letters, digits and _ only, no digit first.`
    if (used.findIndex((other) => other.name === name) !== index) return `The variable ${name} is there twice.`
    if (value === null) return `Give the value of ${name} again: values are not kept over a reload.`
  }
  return null
}

/** Names and values for the request. */
export function environmentOf(variables: readonly Variable[]): Readonly<Record<string, string>> {
  return Object.fromEntries(usedVariables(variables).map(({ name, value }) => [name, value ?? ""]))
}

/** What may be kept in the browser: never a value. */
export function namesOnly(variables: readonly Variable[]): readonly Variable[] {
  return usedVariables(variables).map(({ name }) => ({ name, value: null }))
}

function usedVariables(variables: readonly Variable[]): readonly Variable[] {
  return variables.filter(({ name, value }) => name !== "" || (value !== null && value !== ""))
}
