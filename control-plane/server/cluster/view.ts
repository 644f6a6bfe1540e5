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

/** Objects by name, and their names by the value of one label. */
class Shelf<T extends Named> {
  readonly #objects = new Map<string, T>()
  readonly #index = new Map<string, Set<string>>()
  readonly #label: string

  constructor(indexedLabel: string) {
    this.#label = indexedLabel
  }

  get(name: string): T | undefined {
    return this.#objects.get(name)
  }

  all(): T[] {
    return [...this.#objects.values()]
  }

  byLabel(label: string, value: string): T[] {
    if (label !== this.#label) return this.all().filter((object) => object.metadata?.labels?.[label] === value)
    return [...(this.#index.get(value) ?? [])].flatMap((name) => this.#objects.get(name) ?? [])
  }

  put(object: T): void {
    const name = object.metadata?.name ?? ""
    this.remove(name)
    this.#objects.set(name, object)
    const value = object.metadata?.labels?.[this.#label]
    if (value === undefined) return
    const names = this.#index.get(value) ?? new Set()
    this.#index.set(value, names.add(name))
  }

  remove(name: string): void {
    const value = this.#objects.get(name)?.metadata?.labels?.[this.#label]
    this.#objects.delete(name)
    const names = value === undefined ? undefined : this.#index.get(value)
    names?.delete(name)
    if (value !== undefined && names?.size === 0) this.#index.delete(value)
  }

  clear(): void {
    this.#objects.clear()
    this.#index.clear()
  }
}

/** An empty view; objects with the label `indexedLabel` are found without a scan. */
export function createViewStore<T extends Named>(options: {
  indexedLabel: string
  log: Logger
  now: () => number
}): ViewStore<T> {
  const shelf = new Shelf<T>(options.indexedLabel)
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

  return {
    get: (name) => shelf.get(name),
    byLabel: (label, value) => shelf.byLabel(label, value),
    all: () => shelf.all(),
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    age_ms: () => options.now() - aliveAt,
    alive: () => {
      aliveAt = options.now()
    },
    replace(list) {
      shelf.clear()
      for (const object of list) shelf.put(object)
      tell(null)
    },
    put(object) {
      shelf.put(object)
      tell(object)
    },
    remove(object) {
      shelf.remove(object.metadata?.name ?? "")
      tell(object)
    },
  }
}
