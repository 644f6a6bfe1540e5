import { isObject } from "./json.ts"
import { providerMembers } from "./opencode-schema.ts"

type Json = Readonly<Record<string, unknown>>

/**
 * The provider's own object, out of what people copy: all of OpenCode's configuration (`{"provider": {"<id>": …}}`), or
 * the object with its id before it (`{"<id>": …}`). A fault when that is of another provider, or of several.
 */
export function unwrapProvider(id: string, json: Json): { json: Json } | { faults: string[] } {
  const { $schema: _, ...members } = json
  const names = Object.keys(members)
  if (isObject(members["provider"])) {
    const others = names.filter((name) => name !== "provider")
    const faults = others.map(
      (name) => `providers.${id}.${name}: does not belong to a provider; only what is inside of "provider" does`,
    )
    const own = inside(id, members["provider"], "provider.")
    if ("faults" in own) faults.push(...own.faults)
    return "json" in own && faults.length === 0 ? own : { faults }
  }
  const [only] = names
  const isWrapped = names.length === 1 && only !== undefined && isObject(members[only])
  if (isWrapped && !Object.hasOwn(providerMembers, only) && only === id) return inside(id, members, "")
  return { json: members }
}

function inside(id: string, providers: Json, before: string): { json: Json } | { faults: string[] } {
  const ids = Object.keys(providers)
  const own = Object.hasOwn(providers, id) ? providers[id] : undefined
  if (ids.length === 1 && isObject(own)) return { json: own }
  if (ids.length === 1 && own !== undefined) return { faults: [`providers.${id}.${before}${id}: an object is needed`] }
  const found = ids.length === 0 ? "none" : ids.map((one) => JSON.stringify(one)).join(", ")
  return {
    faults: [
      `providers.${id}.${before.replace(/\.$/, "")}: the object of "${id}" alone is needed, and here are ${found}; save each provider under its own id`,
    ],
  }
}
