import { describe, expect, it } from "vitest"
import { startHarness } from "../../../test/support/broker/harness.ts"
import { startModelServer } from "../../../test/support/broker/model-server.ts"
import { verifySignature } from "../../../test/support/providers/aws-verifier.ts"

const model = await startModelServer()
const { admin } = await startHarness({})
const actor = { userId: "usr_1", email: "admin@example.com" }
const KEY = "canary-key"

interface Answer {
  readonly status: number
  readonly body?: string
}

/** A provider that answers these requests, and 404 to all others. */
function answering(answers: Readonly<Record<string, Answer>>): void {
  model.seen.length = 0
  model.behave((request, response) => {
    request.resume().once("end", () => {
      const { status, body = "" } = answers[`${request.method} ${request.url}`] ?? { status: 404 }
      response.writeHead(status, { location: "https://elsewhere.example.com" }).end(body)
    })
  })
}

const asked = () => model.seen.map(({ method, url }) => `${method} ${url}`)

async function tried(npm: string, address: string, options: Record<string, unknown> = {}, models: object = {}) {
  const base = npm === "@ai-sdk/amazon-bedrock" ? "endpoint" : "baseURL"
  await admin.put(actor, "tried", {
    npm,
    options: { [base]: `${model.url}${address}`, apiKey: KEY, ...options },
    models,
  })
  return await admin.test("tried")
}

describe("a provider without a list of models", () => {
  it.each([
    ["@ai-sdk/perplexity", "", "POST /chat/completions"],
    ["@ai-sdk/openai-compatible", "/v1", "POST /v1/chat/completions"],
    ["@ai-sdk/openai", "/v1", "POST /v1/responses"],
    ["@ai-sdk/anthropic", "/v1", "POST /v1/messages"],
    ["@ai-sdk/google", "/v1beta", "POST /v1beta/models/model:generateContent"],
    ["@ai-sdk/azure", "/openai/v1", "POST /openai/v1/responses"],
    ["@ai-sdk/google-vertex", "/p", "POST /p/models/model:countTokens"],
    ["@ai-sdk/google-vertex/anthropic", "/p/models", "POST /p/models/model:rawPredict"],
    ["@ai-sdk/cohere", "/v2", "POST /v2/chat"],
  ])("is not called broken, and a refused key is: %s", async (npm, address, call) => {
    answering({ [call]: { status: 400, body: "no messages" } })
    expect(await tried(npm, address)).toEqual({
      ok: false,
      verdict: "unknown",
      status: 400,
      message: expect.stringMatching(/^The provider gives no list of models \(HTTP 404\)\. .* Its words: no messages$/),
    })
    answering({ [call]: { status: 401, body: `wrong key ${KEY}` } })
    expect(await tried(npm, address)).toEqual({
      ok: false,
      verdict: "fails",
      status: 401,
      message: "wrong key [REDACTED]",
    })
  })

  it("may have one that this key cannot read", async () => {
    answering({
      "GET /v1/models": { status: 403, body: "missing scope" },
      "POST /v1/chat/completions": { status: 422 },
    })
    expect(await tried("@ai-sdk/openai-compatible", "/v1")).toMatchObject({ verdict: "unknown", status: 422 })
  })

  it("may be at another address", async () => {
    answering({})
    expect(await tried("@ai-sdk/openai-compatible", "")).toMatchObject({
      verdict: "unknown",
      message: expect.stringContaining("Check the address: it often ends in /v1."),
    })
  })
})

describe("a list of models", () => {
  it.each([
    ["@ai-sdk/cohere", "/v2", {}, "GET /v1/models"],
    [
      "@ai-sdk/azure",
      "/openai",
      { useDeploymentBasedUrls: true, apiVersion: "2025-01-01" },
      "GET /openai/models?api-version=2025-01-01",
    ],
    ["@ai-sdk/azure", "/openai", { useDeploymentBasedUrls: true }, "GET /openai/models?api-version=2024-10-21"],
    ["@ai-sdk/google-vertex", "/p", {}, "GET /v1beta1/publishers/google/models?pageSize=1"],
  ])("of %s is asked for where it is", async (npm, address, options, list) => {
    answering({ [list]: { status: 200, body: "{}" } })
    expect(await tried(npm, address, options)).toMatchObject({ ok: true, verdict: "works", status: 200 })
    expect(asked()).toEqual([list])
  })

  it.each([
    [{ status: 401, body: "no" }, "fails", "no"],
    [{ status: 503, body: "down" }, "fails", "down"],
    [{ status: 308 }, "fails", "The provider redirects"],
    [{ status: 429 }, "unknown", "too many requests"],
  ])("that answers %j ends the test", async (answer, verdict, words) => {
    answering({ "GET /v1/models": answer })
    const result = await tried("@ai-sdk/openai-compatible", "/v1")
    expect(result).toMatchObject({ ok: false, verdict, message: expect.stringContaining(words) })
    expect(asked()).toHaveLength(1)
  })
})

describe("Amazon Bedrock", () => {
  const apiKey = JSON.stringify({ accessKeyId: "AKIDTRIED", secretAccessKey: "canary-secret" })
  const bedrock = async (key = apiKey) =>
    await tried("@ai-sdk/amazon-bedrock", "", { region: "eu-central-1", apiKey: key }, { "amazon.nova-lite-v1:0": {} })
  const call = "POST /model/amazon.nova-lite-v1%3A0/converse"

  it("is asked with the permission of model calls, at the endpoint that sessions use", async () => {
    model.seen.length = 0
    model.behave((request, response) => {
      const chunks: Buffer[] = []
      request
        .on("data", (chunk: Buffer) => chunks.push(chunk))
        .once("end", () => {
          const { method = "", url = "", headers } = request
          const whole = { method, url, headers, body: Buffer.concat(chunks) }
          const { ok } = verifySignature(whole, (id) => (id === "AKIDTRIED" ? "canary-secret" : undefined))
          response.writeHead(ok ? 400 : 403).end(ok ? '{"message":"messages is required"}' : "signature does not match")
        })
    })
    expect(await bedrock()).toMatchObject({ ok: true, verdict: "works", status: 400 })
    expect(asked()).toEqual([call])
    expect(await bedrock(apiKey.replace("canary-secret", "canary-other"))).toMatchObject({
      verdict: "fails",
      message: "signature does not match",
    })
  })

  it("may limit a role to other models", async () => {
    answering({ [call]: { status: 403, body: '{"message":"not authorized to perform: bedrock:InvokeModel"}' } })
    expect(await bedrock()).toMatchObject({
      verdict: "unknown",
      message: expect.stringContaining("AWS accepts the credential"),
    })
  })
})

it("the values of headers and query parameters are taken out of the provider's words", async () => {
  answering({ "GET /v1/models?code=canary-code": { status: 401, body: "got canary-header and canary-code" } })
  const options = { headers: { "x-team": "canary-header" }, queryParams: { code: "canary-code" } }
  const { message } = await tried("@ai-sdk/openai-compatible", "/v1", options)
  expect(message).toBe("got [REDACTED] and [REDACTED]")
})
