/** A value kept in this browser, or null. Storage may be full or forbidden: then nothing is kept. */
export function recall<Value>(key: string): Value | null {
  try {
    const text = localStorage.getItem(`berth:${key}`)
    return text === null ? null : (JSON.parse(text) as Value)
  } catch {
    return null
  }
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
