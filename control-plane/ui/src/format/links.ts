const ADDRESS = /https:\/\/[^\s<>"'`]+/g
/** What ends a sentence is not part of an address in it. */
const SENTENCE_END = /[.,;:!?)\]}]+$/

/** A text in pieces; those that are addresses are links. */
export function splitLinks(text: string): readonly { readonly text: string; readonly href?: string }[] {
  const pieces: { text: string; href?: string }[] = []
  let end = 0
  for (const match of text.matchAll(ADDRESS)) {
    const href = match[0].replace(SENTENCE_END, "")
    if (!URL.canParse(href) || new URL(href).username !== "") continue
    if (match.index > end) pieces.push({ text: text.slice(end, match.index) })
    pieces.push({ text: href, href })
    end = match.index + href.length
  }
  return end < text.length ? [...pieces, { text: text.slice(end) }] : pieces
}
