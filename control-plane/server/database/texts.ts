/**
 * Texts that PostgreSQL does not store: NUL is refused by `text` and `jsonb`, half of a surrogate pair by `jsonb`, and
 * `text` would store another character for it without a word.
 */
const UNSTORABLE = /[\0\p{Cs}]/u

/** Whether PostgreSQL stores the text as it is. */
export function isStorable(text: string): boolean {
  return !UNSTORABLE.test(text)
}

interface Node {
  readonly value: object
  readonly name: string | number
  readonly parent: Node | null
}

/** The place of a text in a JSON value that cannot be stored, names of members included; null: all can be. */
export function unstorableIn(value: unknown): string[] | null {
  if (typeof value === "string") return isStorable(value) ? null : []
  if (typeof value !== "object" || value === null) return null
  // A list and not a call for each level: how deep it is, the caller decides.
  const open: Node[] = [{ value, name: "", parent: null }]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const place = faultIn(node, open)
    if (place !== null) return place
  }
  return null
}

/** Looks at one object or list, and opens what is in it. Without a copy of its entries: it may have half a million. */
function faultIn(node: Node, open: Node[]): string[] | null {
  const look = (name: string | number, child: unknown): boolean => {
    if (typeof child === "string") return isStorable(child)
    if (typeof child === "object" && child !== null) open.push({ value: child, name, parent: node })
    return true
  }
  const { value } = node
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      if (!look(index, value[index])) return [...placeOf(node), String(index)]
    }
    return null
  }
  for (const name in value) {
    if (!isStorable(name)) return placeOf(node)
    if (!look(name, (value as Record<string, unknown>)[name])) return [...placeOf(node), name]
  }
  return null
}

function placeOf(node: Node): string[] {
  const names: string[] = []
  for (let one: Node = node; one.parent !== null; one = one.parent) names.push(String(one.name))
  return names.reverse()
}

/** The text with what cannot be stored written out: `\u0000`, `\ud800`. */
export function storableText(text: string): string {
  if (isStorable(text)) return text
  const escape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
  return text.replace(new RegExp(UNSTORABLE, "gu"), escape)
}

/** A value as JSON for `jsonb`, with what cannot be stored written out, in names of members too. */
export function storableJson(value: unknown): string {
  // JSON.stringify escapes exactly these two; a backslash before the escape makes it the text of one.
  return JSON.stringify(value).replace(/\\(u0000|ud[89a-f][0-9a-f]{2}|.)/g, (escape: string, what: string) =>
    what.length > 1 ? `\\\\${what}` : escape,
  )
}
