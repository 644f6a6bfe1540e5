/** True for a value with more than so many levels of objects and arrays; walks no deeper. */
export function isDeeperThan(value: unknown, levels_max: number): boolean {
  if (typeof value !== "object" || value === null) return false
  return levels_max === 0 || Object.values(value).some((item) => isDeeperThan(item, levels_max - 1))
}

/** True for a JSON object: no array, not null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
