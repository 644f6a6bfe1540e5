/** A value kept in this browser, or null. Storage may be full or forbidden: then nothing is kept. */
export function recall<Value>(key: string): Value | null {
  try {
    const text = localStorage.getItem(`berth:${key}`)
    return text === null ? null : (JSON.parse(text) as Value)
  } catch {
    return null
  }
}

/** The kept values whose keys begin with `prefix`, in no order. */
export function recallAll<Value>(prefix: string): readonly Value[] {
  try {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(`berth:${prefix}`))
    return keys.flatMap((key) => recall<Value>(key.slice("berth:".length)) ?? [])
  } catch {
    return []
  }
}

/** Calls back with the key of what another tab of this browser has forgotten. Returns what ends it. */
export function onForgotten(prefix: string, forgotten: (rest: string) => void): () => void {
  const start = `berth:${prefix}`
  const listen = ({ key, newValue }: StorageEvent) => {
    if (key?.startsWith(start) && newValue === null) forgotten(key.slice(start.length))
  }
  window.addEventListener("storage", listen)
  return () => window.removeEventListener("storage", listen)
}

/** Keeps a value in this browser; null forgets it. */
export function keep(key: string, value: unknown): void {
  try {
    if (value === null) localStorage.removeItem(`berth:${key}`)
    else localStorage.setItem(`berth:${key}`, JSON.stringify(value))
  } catch {
    // Nothing depends on it within the page.
  }
}

/** Forgets everything: for signing out. */
export function forgetAll(): void {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith("berth:")) localStorage.removeItem(key)
  } catch {
    // As above.
  }
}
