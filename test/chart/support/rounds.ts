import type { Json, JsonObject } from "../../../chart/schema/json.ts"
import { sample, type Violation } from "./constraints.ts"

export interface Round {
  readonly values: JsonObject
  readonly violations: readonly Violation[]
}

/** Puts violations together that do not hide one another, so that one run of Helm answers for many. */
export function roundsOf(violations: readonly Violation[], schema: JsonObject): Round[] {
  const rounds: { values: JsonObject; violations: Violation[] }[] = []
  for (const violation of violations) {
    const fitting = rounds.find((round) => round.violations.every((other) => apart(other.path, violation.path)))
    const round = fitting ?? { values: {}, violations: [] }
    if (!fitting) rounds.push(round)
    round.violations.push(violation)
    place(round.values, violation, schema)
  }
  return rounds
}

/** Neither lies inside the other, and they share no list or map with members of its own. */
function apart(one: Violation["path"], other: Violation["path"]): boolean {
  const length = Math.min(one.length, other.length)
  for (let depth = 0; depth < length; depth++) {
    const [a, b] = [one[depth], other[depth]]
    if (a === 0 || b === 0) return false
    if (a !== b) return ![a, b].some((key) => key === "a" || key === "a.env" || key === "not a fit!")
  }
  return false
}

/** Sets the value at its path, making valid objects and lists on the way. */
function place(values: JsonObject, { path, value }: Violation, schema: JsonObject): void {
  let node = schema
  let target: JsonObject | Json[] = values
  for (const [depth, key] of path.entries()) {
    const last = depth === path.length - 1
    node = child(node, key)
    const found = read(target, key)
    const next: Json = last ? value : typeof found === "object" ? found : container(node, path[depth + 1])
    if (Array.isArray(target)) target[Number(key)] = next
    else target[key] = next
    if (!last) target = next as JsonObject | Json[]
  }
}

/** An empty list, or an object with what it requires: whatever can hold the next key. */
function container(node: JsonObject, next: string | number | undefined): Json {
  return typeof next === "number" ? [] : sample({ ...node, type: "object" })
}

function read(target: JsonObject | Json[], key: string | number): Json | undefined {
  return Array.isArray(target) ? target[Number(key)] : target[key]
}

function child(node: JsonObject, key: string | number): JsonObject {
  if (typeof key === "number") return node["items"] as JsonObject
  const properties = (node["properties"] ?? {}) as Record<string, JsonObject>
  const members = node["additionalProperties"]
  return properties[key] ?? (typeof members === "object" ? (members as JsonObject) : { type: "object" })
}
