import { describe, expect, it } from "vitest"
import { agentConfig } from "./agent-config.ts"
import { type ProviderDefinition, type ProviderJson, readProvider } from "./definition.ts"
import { providerFaults } from "./providers.ts"

function definition(id: string, json: ProviderJson): ProviderDefinition {
  const result = readProvider(id, json)
  if ("faults" in result) throw new Error(result.faults.join("\n"))
  return result.provider
}

const gateway = definition("gateway", {
  npm: "@ai-sdk/openai-compatible",
  name: "Our gateway",
  options: { baseURL: "https://models.example.com/v1/", headers: { "X-Team": "canary-team" }, chunkTimeout: 5 },
  models: { large: { name: "Large" }, small: {} },
})

describe("the agent's configuration", () => {
  it("points every provider at the sidecar and holds nothing of what the broker adds", () => {
    const config = agentConfig([gateway, definition("anthropic", {})], {})
    expect(config).toMatchObject({
      share: "disabled",
      autoupdate: false,
      enabled_providers: ["gateway", "anthropic"],
      model: "gateway/large",
      small_model: "gateway/large",
      provider: {
        gateway: {
          npm: "@ai-sdk/openai-compatible",
          name: "Our gateway",
          options: { baseURL: "http://127.0.0.1:7070/llm/gateway", chunkTimeout: 5, headerTimeout: 120_000 },
          models: { large: { name: "Large" }, small: {} },
        },
        anthropic: { options: { baseURL: "http://127.0.0.1:7070/llm/anthropic" } },
      },
    })
    expect(JSON.stringify(config)).not.toMatch(/canary|models\.example\.com/)
  })

  it("takes model, small model and permissions from the operator", () => {
    const config = agentConfig([gateway], {
      model: "gateway/small",
      smallModel: "gateway/large",
      permission: { bash: "ask" },
    })
    expect(config).toMatchObject({ model: "gateway/small", small_model: "gateway/large", permission: { bash: "ask" } })
  })

  it("names no model and allows no provider when there is none", () => {
    expect(agentConfig([], {})).toEqual({ share: "disabled", autoupdate: false, enabled_providers: [], provider: {} })
  })
})

describe("a provider", () => {
  it.each([
    ["openai", {}, "authorization", "https://api.openai.com/v1"],
    ["anthropic", {}, "x-api-key", "https://api.anthropic.com/v1"],
    ["google", {}, "x-goog-api-key", "https://generativelanguage.googleapis.com/v1beta"],
    [
      "mine",
      { npm: "@ai-sdk/anthropic", options: { baseURL: "https://m.example.com/a/" } },
      "x-api-key",
      "https://m.example.com/a",
    ],
    ["mine", { options: { baseURL: "http://m.example.com:8080" } }, "authorization", "http://m.example.com:8080"],
  ])("%s %j carries its key in %s to %s", (id, json, header, upstream) => {
    expect(definition(id, json)).toMatchObject({ kind: { header }, upstream })
  })

  it.each<[string, ProviderJson, string]>([
    ["a package whose way with keys is not known", { npm: "@ai-sdk/amazon-bedrock" }, "npm"],
    ["a package by a name of Object's own", { npm: "constructor" }, "npm"],
    ["no address where one is needed", {}, "baseURL"],
    ["an address that is none", { options: { baseURL: "models" } }, "baseURL"],
    ["an address with a password", { options: { baseURL: "https://u:p@m.example.com" } }, "password"],
    ["an address with a query", { options: { baseURL: "https://m.example.com/?key=1" } }, "query"],
    ["another scheme", { options: { baseURL: "file:///etc/passwd" } }, "http and https"],
    ["a key in plain sight", { options: { baseURL: "https://m.example.com", apiKey: "sk-1" } }, "existingSecret"],
    [
      "a header with a line break",
      { options: { baseURL: "https://m.example.com", headers: { a: "b\r\nc: d" } } },
      "header",
    ],
    [
      "a model with an address of its own",
      { options: { baseURL: "https://m.example.com" }, models: { m: { provider: { api: "https://x" } } } },
      "models.m.provider",
    ],
  ])("is refused with %s", (_, json, words) => {
    const faults = providerFaults({ mine: json })
    expect(faults.join("\n")).toContain(words)
    expect(faults.join("\n")).not.toContain("sk-1")
  })

  it("is refused with an id that would not be one segment of a path", () => {
    for (const id of ["a/b", "..", "a b", "", "-x"]) {
      expect(providerFaults({ [id]: { options: { baseURL: "https://m.example.com" } } })).toHaveLength(1)
    }
  })

  it("reports all faults of all providers together", () => {
    expect(providerFaults({ a: {}, b: { npm: "x", options: { apiKey: "k" } } }).length).toBeGreaterThanOrEqual(3)
  })
})
