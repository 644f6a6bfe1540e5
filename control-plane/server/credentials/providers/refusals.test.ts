import { describe, expect, it } from "vitest"
import { readProvider } from "./definition.ts"
import { KNOWN_PACKAGES, kindOf } from "./kinds.ts"
import { isCredentialName, leaksIn, mask } from "./leaks.ts"
import { limitWarnings } from "./limits.ts"
import { salvage } from "./salvage.ts"
import { takeSecrets } from "./secrets.ts"
import { unwrapProvider } from "./wrapping.ts"

const options = { baseURL: "https://models.example.com/v1" }
const faultsOf = (id: string, json: Record<string, unknown>, source: "values" | "database" = "database") => {
  const read = readProvider(id, json, source)
  return "faults" in read ? read.faults : []
}

describe("a provider as OpenCode's documentation shows it", () => {
  const inner = { npm: "@ai-sdk/anthropic", options: { apiKey: "k" } }
  it.each([
    ["the whole configuration", { $schema: "https://opencode.ai/config.json", provider: { mine: inner } }],
    ["its part", { provider: { mine: inner } }],
    ["the id before it", { mine: inner }],
    ["the object itself", inner],
  ])("is taken as %s", (_, json) => {
    expect(unwrapProvider("mine", json)).toEqual({ json: inner })
  })

  it.each([
    ["another provider", { provider: { other: inner } }, '"other"'],
    ["two providers", { provider: { mine: inner, other: inner } }, '"mine", "other"'],
    ["none", { provider: {} }, "none"],
    ["more than providers", { provider: { mine: inner }, model: "mine/m" }, "providers.mine.model"],
    ["no object", { provider: { mine: "sk-1" } }, "an object is needed"],
  ])("is refused with %s, naming what is wrong", (_, json, words) => {
    expect(faultsOf("mine", json).join("\n")).toContain(words)
    expect(faultsOf("mine", json).join("\n")).not.toContain("sk-1")
  })

  it("is taken from the values in the same form", () => {
    expect(faultsOf("mine", { provider: { mine: { npm: "@ai-sdk/anthropic" } } }, "values")).toEqual([])
    expect(faultsOf("mine", { provider: { mine: inner } }, "values").join()).toContain('existingSecret under "mine"')
  })
})

describe("a text that OpenCode would replace", () => {
  it.each([
    ["options.apiKey", { options: { ...options, apiKey: "{env:MODEL_KEY}" } }, "give the key itself"],
    ["options.apiKey", { options: { ...options, apiKey: "{file:/run/key}" } }, "give the key itself"],
    [
      "options.headers.x-team",
      { options: { ...options, headers: { "x-team": "{env:TEAM}" } } },
      "give the value itself",
    ],
    ["options.baseURL", { options: { baseURL: "https://{env:HOST}/v1" } }, "give the value itself"],
    ["models.m.name", { options, models: { m: { name: "{file:~/.ssh/id_rsa}" } } }, "give the value itself"],
  ])("is refused at %s: %j", (place, json, words) => {
    const fault = faultsOf("mine", json).find(
      (one) => one.startsWith(`providers.mine.${place}:`) && one.includes("{env:"),
    )
    expect(fault).toContain(words)
  })
})

describe("JSON that cannot be stored", () => {
  it.each([
    ["models.m.name", { options, models: { m: { name: "a\u0000" } } }],
    ["models.m.name", { options, models: { m: { name: "\ud800" } } }],
    ["models", { options, models: { "a\udc00": {} } }],
  ])("is refused at %s", (place, json) => {
    expect(faultsOf("mine", json)).toEqual([`providers.mine.${place}: a text with a NUL or half of a character`])
  })

  it("is refused when it is nested without end", () => {
    const nested = JSON.parse(`${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`)
    expect(faultsOf("mine", { options, models: { m: { options: nested } } })).toEqual([
      "providers.mine: nested deeper than 32 levels",
    ])
  })
})

describe("options of every kind of provider", () => {
  it.each(KNOWN_PACKAGES)("%s: one that the package does not know is refused, with the known ones", (npm) => {
    const faults = faultsOf("mine", { npm, options: { ...options, region: "eu-central-1", project: "p", zone: "x" } })
    expect(faults.filter((fault) => fault.startsWith("providers.mine.options.zone:"))).toEqual([
      expect.stringContaining(`${npm} does not know it; known: baseURL`),
    ])
  })

  it.each(KNOWN_PACKAGES.flatMap((npm) => (kindOf(npm)?.secret ?? []).map((name) => [npm, name] as const)))(
    "%s: a credential in %s is refused, and its value is not named",
    (npm, name) => {
      const faults = faultsOf("mine", { npm, options: { ...options, [name]: "canary" } }).join("\n")
      expect(faults).toContain(`providers.mine.options.${name}: a credential does not belong here`)
      expect(faults).not.toContain("canary")
    },
  )

  it("takes one key only", () => {
    const json = { npm: "@ai-sdk/anthropic", options: { apiKey: "a", authToken: "b" } }
    expect(faultsOf("mine", json)).toEqual(["providers.mine.options: give apiKey or authToken, not both"])
  })
})

describe("what looks like a credential", () => {
  it.each([
    ["apiKey", true],
    ["api_key", true],
    ["X-Team-Token", true],
    ["client_secret", true],
    ["Authorization", true],
    ["access-token", true],
    ["subscription-key", true],
    ["maxTokens", false],
    ["max_tokens", false],
    ["promptCacheKey", false],
    ["reasoningEffort", false],
    ["thinking", false],
    ["budgetTokens", false],
    ["tool_call", false],
  ])("by its name: %s, %s", (name, is) => {
    expect(isCredentialName(name)).toBe(is)
  })

  it.each([
    "sk-ant-REAL1234",
    "sk-proj-abcd",
    "Bearer abcd1234",
    "AKIAIOSFODNN7EXAMPLE",
    "AIzaSyA1234567890abcdefghijklmnopq",
    "ghp_0123456789abcdefABCDEF",
    "0123456789abcdef0123456789abcdef",
    "https://user:pass@models.example.com",
    "-----BEGIN PRIVATE KEY-----",
  ])("by its shape: %s", (text) => {
    expect(leaksIn({ models: { m: { name: text } } })).toEqual([["models", "m", "name"]])
    expect(leaksIn({ [text]: 1 })).toEqual([[text]])
    expect(JSON.stringify(mask({ a: [text], [text]: 1 }))).not.toContain(text)
  })

  it.each([
    "claude-sonnet-4-5-20250929",
    "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "accounts/fireworks/models/llama-v3p1-405b-instruct",
    "meta-llama/Meta-Llama-3.1-70B-Instruct-Turbo",
    "Our own model (32k), basic edition",
    "pplx-70b-online",
    "risk-averse model",
  ])("is no name of a model: %s", (text) => {
    expect(leaksIn({ models: { [text]: { name: text } } })).toEqual([])
    expect(mask({ name: text })).toEqual({ name: text })
  })
})

describe("a stored provider of an earlier version", () => {
  it("is left as it is when there is nothing to repair, even one that OpenCode would not take", () => {
    const stored = { options: { ...options, apiKey: "%%SECRET%%" }, models: { m: { limit: { context: 1 } } } }
    expect(salvage("mine", stored, { "options.apiKey": "k" })).toEqual({
      definition: stored,
      secrets: { "options.apiKey": "k" },
      notices: [],
    })
  })

  it("has its key in place and nothing else that could be one, and says what was done", () => {
    const stored = {
      apiKey: "canary-1",
      options: { ...options, token: "canary-2" },
      models: { m: { note: "canary-3" } },
    }
    const { definition, secrets, notices } = salvage("mine", stored, {})
    expect(definition).toEqual({ options: { ...options, apiKey: "%%SECRET%%" }, models: { m: {} } })
    expect(secrets).toEqual({ "options.apiKey": "canary-1" })
    expect(notices).toHaveLength(4)
    expect(notices.join("\n")).not.toContain("canary")
  })
})

describe("secrets of a provider", () => {
  it("are its keys and all values of headers and query parameters", () => {
    const json = {
      options: { apiKey: "a", authToken: "b", headers: { h: "c" }, queryParams: { q: "d" }, baseURL: "https://x" },
    }
    const { definition, secrets } = takeSecrets(json, {})
    expect(Object.values(secrets)).toEqual(["a", "b", "c", "d"])
    expect(JSON.stringify(definition)).not.toMatch(/"[abcd]"/)
  })
})

describe("a model without limits", () => {
  it("is warned about, unless OpenCode knows the models of its provider", () => {
    const limit = { context: 32_768, output: 4096 }
    expect(limitWarnings("mine", { models: { a: {}, b: { limit } } })).toEqual([
      expect.stringMatching(/^providers\.mine\.models\.a\.limit: without .*32,000 tokens/),
    ])
    expect(limitWarnings("anthropic", { models: { "claude-sonnet-4-5": {} } })).toEqual([])
  })
})
