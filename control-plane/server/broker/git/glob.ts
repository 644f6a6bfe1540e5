/**
 * Whether all of `text` is what `pattern` describes: `*` stands for anything within one part of a path, `**` for any
 * parts, everything else for itself. Not a regular expression, for the text is a caller's: a step is made for each of its
 * characters and each of the pattern's at most, however many stars there are. `onStep` is told of each.
 */
export function matchesGlob(pattern: string, text: string, onStep?: () => void): boolean {
  const tokens = pattern.match(/\*\*?|[^*]/gs) ?? []
  const isStar = tokens.map((token) => token.startsWith("*"))
  /** How much of the pattern may be behind us; a star may also stand for nothing. */
  const reach = (places: Set<number>) => {
    for (const place of places) if (isStar[place]) places.add(place + 1)
    return places
  }
  let places = reach(new Set([0]))
  for (const character of text.split("")) {
    const next = new Set<number>()
    for (const place of places) {
      onStep?.()
      const token = tokens[place]
      if (token === "**" || (token === "*" && character !== "/")) next.add(place)
      else if (token === character) next.add(place + 1)
    }
    if (next.size === 0) return false
    places = reach(next)
  }
  return places.has(tokens.length)
}
