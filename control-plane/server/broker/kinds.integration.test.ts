import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { call, open } from "../../../test/support/broker/call.ts"
import { eventFrame } from "../../../test/support/broker/event-stream.ts"
import { startHarness } from "../../../test/support/broker/harness.ts"
import { BROKER } from "../../../test/support/broker/installation.ts"
import { startSidecar } from "../../../test/support/broker/sidecar.ts"
import { type Agent, startAgent } from "../../../test/support/opencode.ts"
import { verifySignature } from "../../../test/support/providers/aws-verifier.ts"

interface Seen {
  method: string
  url: string
  headers: IncomingMessage["headers"]
  body: Buffer
}

const seen: Seen[] = []
let behave: (request: Seen, response: ServerResponse) => void = (_, response) => void response.end("{}")
const upstream = createServer(async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  const { method = "", url = "", headers } = request
  const whole = { method, url, headers, body: Buffer.concat(chunks) }
  seen.push(whole)
  behave(whole, response)
})
await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve))
const origin = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`

const KEYS = { accessKeyId: "AKIDSTORED", secretAccessKey: "canary-stored-secret" }
const OWN = { accessKeyId: "AKIDOWN", secretAccessKey: "canary-own-secret", sessionToken: "canary-session" }
const secretOf = (id: string) => [KEYS, OWN].find(({ accessKeyId }) => accessKeyId === id)?.secretAccessKey
const MODEL = "anthropic.claude-sonnet-4-5-20250929-v1:0"
const bedrock = (path: string) => ({
  npm: "@ai-sdk/amazon-bedrock",
  options: { region: "eu-central-1", endpoint: `${origin}${path}` },
  models: { [MODEL]: {} },
})
const at = (path: string, npm: string, model: string) => ({
  npm,
  options: { baseURL: `${origin}${path}` },
  models: { [model]: {} },
})

/** What each kind's SDK asks for below the address that it is given, and how the gateway carries the key there. */
const kinds = [
  ["azure", at("/azure/v1", "@ai-sdk/azure", "m"), "/azure/v1/responses", { "api-key": "canary-azure" }],
  [
    "azure-entra",
    at("/entra/v1", "@ai-sdk/azure", "m"),
    "/entra/v1/responses",
    { authorization: "Bearer eyJh.eyJi.c" },
  ],
  [
    "google-vertex",
    at("/vertex", "@ai-sdk/google-vertex", "m"),
    "/vertex/models/m:streamGenerateContent?alt=sse",
    { authorization: "Bearer canary-google-vertex" },
  ],
  [
    "claude-on-vertex",
    at("/va/models", "@ai-sdk/google-vertex/anthropic", "m"),
    "/va/models/m:streamRawPredict",
    { authorization: "Bearer canary-claude-on-vertex" },
  ],
  ...["cerebras", "groq", "mistral", "perplexity", "togetherai", "xai"].map(
    (id) =>
      [
        id,
        at(`/${id}`, `@ai-sdk/${id}`, "m"),
        `/${id}/chat/completions`,
        { authorization: `Bearer canary-${id}` },
      ] as const,
  ),
  ["openai", at("/oa", "@ai-sdk/openai", "m"), "/oa/responses", { authorization: "Bearer canary-openai" }],
  ["anthropic", at("/an", "@ai-sdk/anthropic", "m"), "/an/messages", { "x-api-key": "canary-anthropic" }],
  [
    "google",
    at("/go", "@ai-sdk/google", "m"),
    "/go/models/m:streamGenerateContent?alt=sse",
    { "x-goog-api-key": "canary-google" },
  ],
  [
    "ours",
    at("/ours", "@ai-sdk/openai-compatible", "m"),
    "/ours/chat/completions",
    { authorization: "Bearer canary-ours" },
  ],
  [
    "azure-deployments",
    {
      npm: "@ai-sdk/azure",
      options: { baseURL: `${origin}/ad`, useDeploymentBasedUrls: true, apiVersion: "2025-04-01-preview" },
      models: { m: {} },
    },
    "/ad/deployments/m/responses?api-version=2025-04-01-preview",
    { "api-key": "canary-azure-deployments" },
  ],
  ["cohere", at("/co", "@ai-sdk/cohere", "m"), "/co/chat", { authorization: "Bearer canary-cohere" }],
  [
    "openrouter",
    at("/or", "@openrouter/ai-sdk-provider", "m"),
    "/or/chat/completions",
    { authorization: "Bearer canary-openrouter" },
  ],
] as const

const broker = await startHarness({
  awsIdentity: async () => OWN,
  file: {
    broker: { ...BROKER, allowedModelRequests: { identity: ["POST /model/{arn}/invoke?a"] } },
    agent: { model: `amazon-bedrock/${MODEL}` },
    providers: {
      "amazon-bedrock": bedrock("/"),
      identity: bedrock("/own"),
      bearer: bedrock("/bearer"),
      ...Object.fromEntries(kinds.map(([id, json]) => [id, json])),
    },
  },
  providerKeys: {
    "amazon-bedrock": JSON.stringify(KEYS, null, 2),
    bearer: "canary-bedrock-api-key",
    ...Object.fromEntries(kinds.map(([id]) => [id, `canary-${id}`])),
    "azure-entra": "eyJh.eyJi.c",
  },
})
const sidecar = await startSidecar(broker, await broker.addSession())
const { body: workload } = await call(`${sidecar.url}/v1/workload`)
const agentConfig = JSON.parse(workload).agentConfig as { provider: Record<string, object> }
const agent = await startAgent({
  config: JSON.parse(JSON.stringify(agentConfig).replaceAll("http://127.0.0.1:7070", sidecar.url)),
})
afterAll(async () => {
  await agent.stop()
  upstream.closeAllConnections()
  upstream.close()
})
beforeEach(() => {
  seen.length = 0
  behave = (_, response) => void response.end("{}")
})

const stream = `/llm/amazon-bedrock/model/${encodeURIComponent(MODEL)}/converse-stream`
const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  call(`${sidecar.url}${path}`, { method: "POST", body, headers: { "content-type": "application/json", ...headers } })

describe("a request to Amazon Bedrock", () => {
  it("is signed anew with the stored key; what the agent had signed or claimed is gone", async () => {
    await post(stream, '{"messages":["€"]}', {
      authorization: "AWS4-HMAC-SHA256 Credential=AKIDFORGED/20260101/us-east-1/bedrock/aws4_request, Signature=00",
      "x-amz-date": "20200101T000000Z",
      "x-amz-security-token": "forged",
      "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
    })
    const [request] = seen
    if (request === undefined) throw new Error("nothing arrived")
    expect(verifySignature(request, secretOf)).toMatchObject({
      ok: true,
      accessKeyId: "AKIDSTORED",
      region: "eu-central-1",
      service: "bedrock",
    })
    expect(request.url).toBe(`/model/${encodeURIComponent(MODEL)}/converse-stream`)
    expect(request.headers["x-amz-security-token"]).toBeUndefined()
    expect(request.headers["content-length"]).toBe(String(request.body.length))
  })

  it("is signed with the pod's own identity when the provider has no key", async () => {
    await post("/llm/identity/model/m/invoke?a=b%20c", "{}")
    expect(seen.map((request) => verifySignature(request, secretOf))).toMatchObject([
      { ok: true, accessKeyId: "AKIDOWN", signed: expect.arrayContaining(["x-amz-security-token"]) },
    ])
  })

  it("carries an API key of Bedrock's as it is", async () => {
    await post("/llm/bearer/model/m/invoke", "{}")
    expect(seen[0]?.headers).toMatchObject({ authorization: "Bearer canary-bedrock-api-key" })
    expect(seen[0]?.headers["x-amz-date"]).toBeUndefined()
  })

  it("takes the key that is in force now, and says when it is none", async () => {
    writeFileSync(join(broker.directory, "keys", "amazon-bedrock"), '{"accessKeyId":"only half"}')
    expect(await post(stream, "{}")).toMatchObject({ status: 503 })
    writeFileSync(join(broker.directory, "keys", "amazon-bedrock"), JSON.stringify(OWN))
    await post(stream, "{}")
    expect(seen.map((request) => verifySignature(request, secretOf))).toMatchObject([{ accessKeyId: "AKIDOWN" }])
  })

  it("is refused in words when it is larger than Bedrock takes", async () => {
    const answer = await post(stream, "x".repeat(25_000_001))
    expect(answer.status).toBe(413)
    expect(answer.body).toContain("all of it is signed")
    expect(seen).toEqual([])
  })

  it("is held until it has been sent, not until it has been answered", async () => {
    behave = (_, response) => {
      response.writeHead(200, { "content-type": "application/vnd.amazon.eventstream" }).flushHeaders()
    }
    const large = { method: "POST", body: "x".repeat(20_000_000) }
    const answers = [await open(`${sidecar.url}${stream}`, large), await open(`${sidecar.url}${stream}`, large)]
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200])
    for (const answer of answers) answer.on("error", () => {}).destroy()
  })

  it("is answered frame by frame", async () => {
    let answer: ServerResponse | undefined
    behave = (_, response) => {
      answer = response
      response.writeHead(200, { "content-type": "application/vnd.amazon.eventstream" }).flushHeaders()
    }
    const response = await open(`${sidecar.url}${stream}`, { method: "POST", body: "{}" })
    for (const text of ["one", "two"]) {
      const frame = eventFrame("contentBlockDelta", { contentBlockIndex: 0, delta: { text } })
      answer?.write(frame)
      const [received] = await once(response, "data")
      expect((received as Buffer).equals(frame)).toBe(true)
    }
    answer?.end()
    response.resume()
    await once(response, "end")
  })
})

describe("the real agent, which knows no credential,", () => {
  it("does a whole turn with Bedrock through sidecar and gateway", async () => {
    behave = (request, response) => {
      const { ok } = verifySignature(request, secretOf)
      if (!ok) return void response.writeHead(403, { "content-type": "application/json" }).end('{"message":"no"}')
      response.writeHead(200, { "content-type": "application/vnd.amazon.eventstream" })
      response.write(eventFrame("messageStart", { role: "assistant" }))
      for (const text of ["Signed, ", "sealed, ", "delivered."]) {
        response.write(eventFrame("contentBlockDelta", { contentBlockIndex: 0, delta: { text } }))
      }
      response.write(eventFrame("contentBlockStop", { contentBlockIndex: 0 }))
      response.write(eventFrame("messageStop", { stopReason: "end_turn" }))
      const usage = { inputTokens: 3, outputTokens: 3, totalTokens: 6 }
      response.end(eventFrame("metadata", { usage, metrics: { latencyMs: 1 } }))
    }
    const answer = await turn(agent, "amazon-bedrock", MODEL)
    expect(JSON.stringify(answer)).toContain("Signed, sealed, delivered.")
    expect(seen.every((request) => verifySignature(request, secretOf).ok)).toBe(true)
    expect(JSON.stringify(agentConfig)).not.toMatch(/canary|AKID|127\.0\.0\.1:(?!7070)/)
  })

  // OpenCode waits for a minute and more between its five repeats.
  it("stops asking for an answer whose stream has no end, and says that it did not get it", {
    timeout: 240_000,
  }, async () => {
    behave = (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" })
      response.end('data: {"choices":[{"index":0,"delta":{"content":"ten words"},"finish_reason":null}]}\n\n')
    }
    const answer = (await turn(agent, "ours", "m")) as { info: { error?: object } }
    expect(answer.info.error).toBeDefined()
    expect(seen.filter(({ url }) => url === "/ours/chat/completions")).toHaveLength(6)
  })

  it.each(kinds)("asks %s through them", async (id, _, url, headers) => {
    behave = (_request, response) =>
      void response.writeHead(400, { "content-type": "application/json" }).end('{"error":{"message":"enough"}}')
    await turn(agent, id, "m")
    const request = seen.find((one) => one.url === url)
    expect(request, `asked were ${seen.map((one) => one.url)}`).toBeDefined()
    expect(request?.headers).toMatchObject(headers)
    expect(JSON.stringify(request?.headers)).not.toContain("kept-outside")
  })
})

async function turn({ target }: Agent, providerID: string, modelID: string): Promise<unknown> {
  const authorization = `Basic ${Buffer.from(`opencode:${target.password.reveal()}`).toString("base64")}`
  const headers = { authorization, "content-type": "application/json" }
  const ask = async (path: string, body: object): Promise<unknown> =>
    (await fetch(`${target.baseUrl}${path}`, { method: "POST", headers, body: JSON.stringify(body) })).json()
  const { id } = (await ask("/session", { title: "one turn" })) as { id: string }
  return await ask(`/session/${id}/message`, { model: { providerID, modelID }, parts: [{ type: "text", text: "hi" }] })
}
