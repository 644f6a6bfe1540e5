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
  it.each<[string, ProviderJson, string, string]>([
    ["openai", {}, "bearer", "https://api.openai.com/v1"],
    ["anthropic", {}, "x-api-key", "https://api.anthropic.com/v1"],
    ["google", {}, "x-goog-api-key", "https://generativelanguage.googleapis.com/v1beta"],
    [
      "mine",
      { npm: "@ai-sdk/anthropic", options: { baseURL: "https://m.example.com/a/" } },
      "x-api-key",
      "https://m.example.com/a",
    ],
    ["mine", { options: { baseURL: "http://m.example.com:8080" } }, "bearer", "http://m.example.com:8080"],
    ["groq", {}, "bearer", "https://api.groq.com/openai/v1"],
    ["openrouter", {}, "bearer", "https://openrouter.ai/api/v1"],
    [
      "amazon-bedrock",
      { options: { region: "eu-central-1" } },
      "sigv4",
      "https://bedrock-runtime.eu-central-1.amazonaws.com",
    ],
    [
      "amazon-bedrock",
      { options: { region: "cn-north-1" } },
      "sigv4",
      "https://bedrock-runtime.cn-north-1.amazonaws.com.cn",
    ],
    [
      "mine",
      {
        npm: "@ai-sdk/amazon-bedrock",
        options: { region: "us-east-1", endpoint: "https://vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com/" },
      },
      "sigv4",
      "https://vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com",
    ],
    ["azure", { options: { resourceName: "ours" } }, "api-key", "https://ours.openai.azure.com/openai/v1"],
    [
      "azure",
      { options: { baseURL: "https://ours.openai.azure.com/openai/" } },
      "api-key",
      "https://ours.openai.azure.com/openai/v1",
    ],
    [
      "azure",
      { options: { resourceName: "ours", useDeploymentBasedUrls: true } },
      "api-key",
      "https://ours.openai.azure.com/openai",
    ],
    [
      "azure",
      { options: { baseURL: "https://proxy.example.com/openai" } },
      "api-key",
      "https://proxy.example.com/openai",
    ],
    [
      "google-vertex",
      { options: { project: "p-1" } },
      "bearer",
      "https://us-central1-aiplatform.googleapis.com/v1beta1/projects/p-1/locations/us-central1/publishers/google",
    ],
    [
      "google-vertex-anthropic",
      { options: { project: "p-1", location: "global" } },
      "bearer",
      "https://aiplatform.googleapis.com/v1/projects/p-1/locations/global/publishers/anthropic/models",
    ],
    [
      "google-vertex",
      { options: { project: "p-1", location: "eu" } },
      "bearer",
      "https://aiplatform.eu.rep.googleapis.com/v1beta1/projects/p-1/locations/eu/publishers/google",
    ],
  ])("%s %j carries its key as %s to %s", (id, json, injection, upstream) => {
    const { kind, upstream: address, visible } = definition(id, json)
    expect([kind.injection, address]).toEqual([injection, upstream])
    // The agent learns neither where requests go nor for whom they are.
    expect(JSON.stringify(visible["options"] ?? {})).not.toMatch(/example|azure|amazonaws|ours|p-1/)
  })

  it("shows the agent of a Bedrock provider its region, which its model names depend on", () => {
    const config = agentConfig([definition("amazon-bedrock", { options: { region: "eu-central-1" } })], {})
    expect(config).toMatchObject({
      provider: { "amazon-bedrock": { options: { region: "eu-central-1", apiKey: "kept-outside-of-this-pod" } } },
    })
  })

  it.each<[string, ProviderJson, string]>([
    [
      "a package whose way with keys is not known",
      { npm: "@ai-sdk/vercel" },
      'providers.mine.npm: "@ai-sdk/vercel" is not supported; supported: @ai-sdk/openai-compatible, @ai-sdk/openai, ',
    ],
    ["Bedrock without a region", { npm: "@ai-sdk/amazon-bedrock" }, "options.region"],
    [
      "a region that would be another host",
      { npm: "@ai-sdk/amazon-bedrock", options: { region: "eu.evil.example" } },
      "options.region",
    ],
    [
      "AWS keys in plain sight",
      { npm: "@ai-sdk/amazon-bedrock", options: { region: "us-east-1", secretAccessKey: "sk-1" } },
      "options.secretAccessKey",
    ],
    ["Azure without a resource", { npm: "@ai-sdk/azure" }, "options.resourceName"],
    [
      "a resource that would be another host",
      { npm: "@ai-sdk/azure", options: { resourceName: "evil.example/" } },
      "options.resourceName",
    ],
    [
      "a Google login in plain sight",
      { npm: "@ai-sdk/google-vertex", options: { project: "p", googleAuthOptions: { credentials: "sk-1" } } },
      "options.googleAuthOptions",
    ],
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
    [
      "a model with a credential of its own, which agents would see",
      { options: { baseURL: "https://m.example.com" }, models: { m: { headers: { Authorization: "Bearer canary" } } } },
      "models.m.headers.Authorization",
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
