/** A value under a dotted key. */
export function nested(key: string, value: unknown): object {
  return key.split(".").reduceRight<unknown>((inner, part) => ({ [part]: inner }), value) as object
}

/** `over` on top of `base`, maps merged, all else replaced: as Helm does with a second values file. */
export function overlay(base: object, over: object): object {
  const merged: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key]
    merged[key] = isMap(below) && isMap(value) ? overlay(below, value) : value
  }
  return merged
}

function isMap(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
