/** What is shown of a text that is too long to be shown at once. */
export interface Excerpt {
  readonly head: string
  readonly tail: string
  /** Characters between the two. */
  readonly leftOut: number
}

/** More than this makes a page stutter; what is left out is shown on demand. */
const SHOWN_CHARACTERS_MAX = 60_000

/** Beginning and end of a text, cut at ends of lines where there are any near; null for one that is shown whole. */
export function excerptOf(text: string, shown_characters_max = SHOWN_CHARACTERS_MAX): Excerpt | null {
  if (text.length <= shown_characters_max) return null
  const half = Math.floor(shown_characters_max / 2)
  const lineEnd = text.lastIndexOf("\n", half)
  const lineStart = text.indexOf("\n", text.length - half)
  const head = text.slice(0, lineEnd > half / 2 ? lineEnd + 1 : half)
  const tail = text.slice(lineStart !== -1 && lineStart < text.length - half / 2 ? lineStart + 1 : -half)
  return { head, tail, leftOut: text.length - head.length - tail.length }
}
