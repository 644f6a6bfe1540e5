import { readFileSync } from "node:fs"
import { Failure, messageOf } from "../lib/failure.ts"

/** Model providers for the chart: OpenCode's objects without their keys, and the keys apart. */
export type ModelProviders = { providers: Record<string, object>; keys: Record<string, string> }

const form = `it holds one provider by id: {"anthropic": {"npm": "@ai-sdk/anthropic", "options": {"apiKey": "…"}, "models": {…}}}`

/** Reads `--provider-json`. Throws {@link Failure} with what is wrong in the file. */
export function readModelProviders(file: string, env: NodeJS.ProcessEnv): ModelProviders {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(file, "utf8"))
  } catch (error) {
    throw new Failure(`--provider-json ${file}: ${messageOf(error)}`, { hint: form })
  }
  return splitKeys(value, env)
}

/**
 * Takes the keys out of OpenCode provider objects; a whole OpenCode configuration (`provider`) is understood as well.
 * A key of the form `{env:NAME}` is read from the environment, as OpenCode does.
 */
export function splitKeys(value: unknown, env: NodeJS.ProcessEnv): ModelProviders {
  if (!isObject(value)) throw new Failure("--provider-json: not a JSON object", { hint: form })
  const byId = isObject(value.provider) ? value.provider : value
  const result: ModelProviders = { providers: {}, keys: {} }
  for (const [id, provider] of Object.entries(byId)) {
    if (!isObject(provider)) throw new Failure(`--provider-json: "${id}" is not a provider object`, { hint: form })
    const { apiKey, ...options } = isObject(provider.options) ? provider.options : {}
    result.providers[id] = { ...provider, options }
    if (typeof apiKey === "string") result.keys[id] = resolveKey(id, apiKey, env)
  }
  if (Object.keys(result.providers).length === 0)
    throw new Failure("--provider-json: no provider in it", { hint: form })
  return result
}

function resolveKey(id: string, text: string, env: NodeJS.ProcessEnv): string {
  const [, name] = /^\{env:(\w+)\}$/.exec(text) ?? []
  if (name === undefined) return text
  const key = env[name]
  if (key) return key
  throw new Failure(`--provider-json: the key of "${id}" is ${text}, and ${name} is not set`, {
    hint: `export ${name}=…`,
  })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
