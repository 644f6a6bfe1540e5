/** A delta of the log; `offset` is the length in UTF-16 units of the text before it. */
export interface Delta {
  readonly offset: number
  readonly delta: string
}

/**
 * The text after the deltas, in their order. One that repeats what is there changes nothing; one that starts beyond the
 * end (something between was lost) is put at the end.
 */
export function foldText(text: string, deltas: readonly Delta[]): string {
  // In pieces, each of which is cut or dropped once at most: cutting the whole text would cost its length every time.
  const pieces = [text]
  let length = text.length
  for (const { offset, delta } of deltas) {
    while (length > offset) {
      const last = pieces.pop() ?? ""
      length -= last.length
      if (length >= offset) continue
      pieces.push(last.slice(0, offset - length))
      length = offset
    }
    pieces.push(delta)
    length += delta.length
  }
  return pieces.join("")
}
