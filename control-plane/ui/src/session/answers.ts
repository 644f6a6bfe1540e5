/** What has been picked for one question so far. */
export interface Picked {
  readonly labels: readonly string[]
  readonly words: string
}

export const NOTHING_PICKED: Picked = { labels: [], words: "" }

/** Picks an option, or drops it where several may be picked. With one answer only, own words make way. */
export function choose(picked: Picked, label: string, multiple: boolean): Picked {
  if (!multiple) return { labels: [label], words: "" }
  const has = picked.labels.includes(label)
  return { ...picked, labels: has ? picked.labels.filter((one) => one !== label) : [...picked.labels, label] }
}

/** Own words; with one answer only, they take the place of the option. */
export function write(picked: Picked, words: string, multiple: boolean): Picked {
  return { labels: multiple || words.trim() === "" ? picked.labels : [], words }
}

/** The answers as the agent takes them: a list of texts for each question. */
export function answersOf(picked: readonly Picked[]): readonly (readonly string[])[] {
  return picked.map(({ labels, words }) => (words.trim() === "" ? labels : [...labels, words.trim()]))
}

/** Whether every question has an answer. */
export function answered(picked: readonly Picked[]): boolean {
  return answersOf(picked).every((answer) => answer.length > 0)
}
