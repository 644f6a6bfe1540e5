import { describe, expect, it } from "vitest"
import { OTHER_REQUESTS } from "../../../../test/support/providers/other-requests.ts"
import { readProvider } from "./definition.ts"
import { KNOWN_PACKAGES, kindOf } from "./kinds.ts"
import { createModelRequests } from "./model-requests.ts"

const OPTIONS: Record<string, string> = {
  baseURL: "https://models.example.com/v1",
  region: "eu-central-1",
  project: "p",
  resourceName: "r",
}

function provider(npm: string) {
  const kind = kindOf(npm)
  const known = [...(kind?.hidden ?? []), ...Object.keys(kind?.shown ?? {})]
  const options = Object.fromEntries(Object.entries(OPTIONS).filter(([name]) => known.includes(name)))
  const result = readProvider("demo", { npm, options })
  if ("faults" in result) throw new Error(result.faults.join())
  return result.provider
}

function allowed(npm: string, request: string, widened: string[] = []): boolean {
  const [method = "", address = ""] = request.split(" ")
  const { pathname, searchParams } = new URL(address, "https://gateway")
  const requests = createModelRequests({ demo: widened })
  return requests.allows(provider(npm), { method, path: pathname, search: searchParams })
}

/** What the SDKs of OpenCode 1.18 ask for; `kinds.integration.test.ts` lets them ask. */
const MODEL_CALLS: Record<string, string[]> = {
  "@ai-sdk/openai-compatible": ["POST /chat/completions", "POST /completions", "POST /embeddings", "GET /models"],
  "@ai-sdk/openai": ["POST /responses", "POST /chat/completions", "POST /embeddings", "GET /models/gpt-5.2"],
  "@ai-sdk/anthropic": [
    "POST /messages",
    "POST /messages?beta=true",
    "POST /messages/count_tokens",
    "GET /models?limit=9",
  ],
  "@ai-sdk/google": [
    "POST /models/gemini-3-pro:streamGenerateContent?alt=sse",
    "POST /models/gemini-3-pro:generateContent",
    "POST /tunedModels/mine:generateContent",
    "GET /models?pageSize=50",
  ],
  "@ai-sdk/amazon-bedrock": [
    "POST /model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream",
    "POST /model/anthropic.claude-sonnet-4-5-20250929-v1:0/converse",
    "POST /model/arn%3Aaws%3Abedrock%3Aeu-central-1%3A123456789012%3Ainference-profile%2Feu.x/invoke",
    "POST /model/m/invoke-with-response-stream",
  ],
  "@ai-sdk/azure": [
    "POST /responses",
    "POST /chat/completions?api-version=v1",
    "POST /deployments/mine/chat/completions?api-version=2025-04-01-preview",
  ],
  "@ai-sdk/google-vertex": [
    "POST /models/gemini-3-pro:streamGenerateContent?alt=sse",
    "POST /models/text-embedding-005:predict",
  ],
  "@ai-sdk/google-vertex/anthropic": ["POST /claude-sonnet-4-5@20250929:streamRawPredict", "POST /c:rawPredict"],
  "@ai-sdk/cerebras": ["POST /chat/completions"],
  "@ai-sdk/cohere": ["POST /chat", "POST /embed"],
  "@ai-sdk/groq": ["POST /chat/completions"],
  "@ai-sdk/mistral": ["POST /chat/completions", "POST /embeddings"],
  "@ai-sdk/perplexity": ["POST /chat/completions"],
  "@ai-sdk/togetherai": ["POST /chat/completions"],
  "@ai-sdk/xai": ["POST /chat/completions", "POST /responses"],
  "@openrouter/ai-sdk-provider": ["POST /chat/completions"],
}

describe("a model request", () => {
  it("has a list for every kind that there is", () => {
    expect(Object.keys(MODEL_CALLS).sort()).toEqual([...KNOWN_PACKAGES].sort())
  })

  it.each(Object.entries(MODEL_CALLS))("of %s may carry the key", (npm, requests) => {
    expect(requests.filter((request) => !allowed(npm, request))).toEqual([])
  })

  it.each(KNOWN_PACKAGES.map((npm) => [npm]))("is none of 67 others at %s", (npm) => {
    expect(OTHER_REQUESTS).toHaveLength(67)
    expect(OTHER_REQUESTS.filter((request) => allowed(npm, request))).toEqual([])
  })

  it("is what an operator allows besides, for that provider only", () => {
    const npm = "@ai-sdk/openai"
    const widened = ["GET /files/{id}", "POST /audio/speech?format", "DELETE /models/{model}"]
    expect(allowed(npm, "GET /files/file-1?any=thing", widened)).toBe(true)
    expect(allowed(npm, "DELETE /models/ft", widened)).toBe(true)
    expect(allowed(npm, "POST /audio/speech?format=mp3", widened)).toBe(true)
    expect(allowed(npm, "POST /audio/speech?to=x", widened)).toBe(false)
    expect(allowed(npm, "GET /files/file-1/content", widened)).toBe(false)
    expect(allowed(npm, "DELETE /files/file-1", widened)).toBe(false)
    const other = createModelRequests({ other: widened })
    expect(other.allows(provider(npm), { method: "GET", path: "/files/f", search: new URLSearchParams() })).toBe(false)
  })
})
