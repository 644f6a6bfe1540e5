/**
 * The items of several sources as one: each source's in its order, and no source before another one that has waited
 * longer. One item of each source is held at most. The first failure is thrown; all sources are left with the result.
 */
export async function* merge<Item>(sources: readonly AsyncIterable<Item>[]): AsyncGenerator<Item> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]())
  const ready: { readonly iterator: AsyncIterator<Item>; readonly result: IteratorResult<Item> }[] = []
  const failures: unknown[] = []
  let woken = Promise.withResolvers<void>()
  // A queue and not Promise.race: that would add a listener to every waiting source with every item.
  const ask = (iterator: AsyncIterator<Item>) =>
    void iterator
      .next()
      .then(
        (result) => ready.push({ iterator, result }),
        (error: unknown) => failures.push(error),
      )
      .then(() => woken.resolve())
  for (const iterator of iterators) ask(iterator)
  let open = iterators.length
  try {
    while (open > 0) {
      await woken.promise
      woken = Promise.withResolvers()
      for (let next = ready.shift(); next; next = ready.shift()) {
        if (next.result.done) {
          open -= 1
          continue
        }
        yield next.result.value
        if (failures.length > 0) break
        ask(next.iterator)
      }
      if (failures.length > 0) throw failures[0]
    }
  } finally {
    // Not awaited: a source that waits ends with its signal.
    for (const iterator of iterators) void iterator.return?.().catch(() => undefined)
  }
}
