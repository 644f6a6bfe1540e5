interface Wait<T> {
  /** Grows at its end only; `listeners` are called after that. */
  readonly items: readonly T[]
  readonly listeners: Set<() => void>
  readonly matches: (item: T) => boolean
  readonly timeout_ms: number
  /** The words of the failure, asked for when the time is over. */
  readonly failure: () => string
}

/** The first item that matches, of those that are there and those that come within `timeout_ms`. */
export function firstAppended<T>({ items, listeners, matches, timeout_ms, failure }: Wait<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let looked = 0
    const settle = (finish: () => void) => {
      listeners.delete(look)
      clearTimeout(timer)
      finish()
    }
    const look = () => {
      for (; looked < items.length; looked += 1) {
        const item = items[looked]
        if (item !== undefined && matches(item)) return settle(() => resolve(item))
      }
    }
    const timer = setTimeout(() => settle(() => reject(new Error(failure()))), timeout_ms)
    listeners.add(look)
    look()
  })
}
