import type { Logger } from "pino"
import type { View } from "./types.ts"

/** What every namespaced object has, as far as a view needs it. */
export interface Named {
  metadata?: { name?: string; uid?: string; resourceVersion?: string; labels?: { [key: string]: string } }
}

/** The writing side of a view, for the reflector that keeps it fresh. */
export interface ViewStore<T extends Named> extends View<T> {
  /** Takes a complete list for the truth. */
  replace(objects: readonly T[]): void
  put(object: T): void
  remove(object: T): void
  alive(): void
}

/** An empty view; objects with the label `indexedLabel` are found without a scan. */
export function createViewStore<T extends Named>(options: {
  indexedLabel: string
  log: Logger
  now: () => number
}): ViewStore<T> {
  const objects = new Map<string, T>()
  const index = new Map<string, Set<string>>()
  const listeners = new Set<(object: T | null) => void>()
  let aliveAt = Number.NEGATIVE_INFINITY

  const tell = (object: T | null) => {
    for (const listener of listeners) {
      try {
        listener(object)
      } catch (error) {
        options.log.error({ err: error }, "a listener of a cluster view failed")
      }
    }
  }
  const unindex = (name: string) => {
    const value = objects.get(name)?.metadata?.labels?.[options.indexedLabel]
    const names = value === undefined ? undefined : index.get(value)
    names?.delete(name)
    if (value !== undefined && names?.size === 0) index.delete(value)
  }
  const set = (object: T) => {
    const name = object.metadata?.name ?? ""
    unindex(name)
    objects.set(name, object)
    const value = object.metadata?.labels?.[options.indexedLabel]
    if (value === undefined) return
    const names = index.get(value) ?? new Set()
    index.set(value, names.add(name))
  }
  const present = (name: string): T[] => {
    const object = objects.get(name)
    return object === undefined ? [] : [object]
  }

  return {
    get: (name) => objects.get(name),
    byLabel: (label, value) =>
      label === options.indexedLabel
        ? [...(index.get(value) ?? [])].flatMap(present)
        : [...objects.values()].filter((object) => object.metadata?.labels?.[label] === value),
    all: () => [...objects.values()],
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    age_ms: () => options.now() - aliveAt,
    alive: () => {
      aliveAt = options.now()
    },
    replace(list) {
      objects.clear()
      index.clear()
      for (const object of list) set(object)
      tell(null)
    },
    put(object) {
      set(object)
      tell(object)
    },
    remove(object) {
      const name = object.metadata?.name ?? ""
      unindex(name)
      objects.delete(name)
      tell(object)
    },
  }
}
