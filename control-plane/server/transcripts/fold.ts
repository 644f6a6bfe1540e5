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
  let folded = text
  for (const { offset, delta } of deltas) folded = (offset < folded.length ? folded.slice(0, offset) : folded) + delta
  return folded
}
