import { once } from "node:events"
import { renameSync, writeFileSync } from "node:fs"
import type { ServerResponse } from "node:http"
import { join } from "node:path"
import { describe, expect, it, vi } from "vitest"
import { call, open } from "../../../test/support/broker/call.ts"
import { startHarness } from "../../../test/support/broker/harness.ts"
import { BROKER } from "../../../test/support/broker/installation.ts"
import { startModelServer } from "../../../test/support/broker/model-server.ts"
import { startSidecar } from "../../../test/support/broker/sidecar.ts"
import { OTHER_REQUESTS } from "../../../test/support/providers/other-requests.ts"

const model = await startModelServer()
/** Of those that have no body as a rule. */
const METHODS = ["GET", "DELETE"]
const broker = await startHarness({
  file: {
    broker: {
      ...BROKER,
      allowedModelRequests: {
        demo: ["POST /chat/completions?team"],
        widened: ["GET /files/{id}", "GET /next", ...METHODS.map((method) => `${method} /own`)],
      },
    },
    providers: {
      demo: {
        npm: "@ai-sdk/openai-compatible",
        options: { baseURL: `${model.url}/v1/`, headers: { "X-Team": "operators" } },
        models: { one: {} },
      },
      claude: { npm: "@ai-sdk/anthropic", options: { baseURL: `${model.url}/anthropic` } },
      gemini: { npm: "@ai-sdk/google", options: { baseURL: `${model.url}/v1beta` } },
      widened: { options: { baseURL: `${model.url}/widened` } },
      keyless: { options: { baseURL: `${model.url}/open` } },
      inside: { options: { baseURL: "http://169.254.169.254/latest" } },
      local: { options: { baseURL: `${model.url.replace("127.0.0.1", "localhost")}/v1` } },
    },
  },
  providerKeys: { demo: "sk-canary-demo\n", claude: "sk-canary-claude", gemini: "sk-canary-gemini" },
})
const session = await broker.addSession()
const sidecar = await startSidecar(broker, session)
const ask = (path: string, options: Parameters<typeof call>[1] = {}) =>
  call(`${sidecar.url}${path}`, { method: "POST", ...options })

describe("a model request through sidecar and broker", () => {
  it("arrives at the provider's own address with the real key, and without what the agent said about itself", async () => {
    model.behave((_, response) => response.setHeader("set-cookie", "a=b").end('{"ok":true}'))
    const answer = await ask("/llm/demo/chat/completions?team=1&key=theirs", {
      headers: {
        authorization: "Bearer forged",
        "x-api-key": "forged",
        cookie: "a=b",
        "x-forwarded-for": "1.2.3.4",
        forwarded: "for=1.2.3.4",
        "user-agent": "opencode",
        "content-type": "application/json",
        connection: "close, x-hop",
        "x-hop": "1",
      },
      body: '{"stream":true}',
    })
    expect(answer).toMatchObject({ status: 200, body: '{"ok":true}' })
    expect(answer.headers["set-cookie"]).toBeUndefined()
    const seen = model.seen.at(-1)
    expect(seen).toMatchObject({ method: "POST", url: "/v1/chat/completions?team=1" })
    expect(seen?.headers).toMatchObject({
      authorization: "Bearer sk-canary-demo",
      "x-team": "operators",
      "user-agent": "opencode",
      "content-length": "15",
      host: new URL(model.url).host,
    })
    for (const name of ["x-api-key", "cookie", "x-forwarded-for", "forwarded", "x-hop"]) {
      expect(seen?.headers[name]).toBeUndefined()
    }
  })

  it.each([
    ["claude", "/llm/claude/messages", "/anthropic/messages", { "x-api-key": "sk-canary-claude" }],
    [
      "gemini",
      "/llm/gemini/models/g:streamGenerateContent?alt=sse",
      "/v1beta/models/g:streamGenerateContent?alt=sse",
      { "x-goog-api-key": "sk-canary-gemini" },
    ],
    ["keyless", "/llm/keyless/chat/completions", "/open/chat/completions", {}],
  ])("carries the key the way the provider's kind wants it: %s", async (_, path, url, headers) => {
    model.behave((_request, response) => void response.end("{}"))
    expect((await ask(path, { body: "{}" })).status).toBe(200)
    const seen = model.seen.at(-1)
    expect(seen?.url).toBe(url)
    const keys = ["authorization", "x-api-key", "x-goog-api-key"].flatMap((name) => {
      const value = seen?.headers[name]
      return value === undefined ? [] : [[name, value]]
    })
    expect(Object.fromEntries(keys)).toEqual(headers)
  })

  it.each(["demo", "claude", "gemini"])("is nothing else that %s serves under the same key", async (provider) => {
    model.seen.length = 0
    model.behave((request, response) => void response.end(JSON.stringify(request.headers)))
    for (const request of OTHER_REQUESTS) {
      const [method = "", path = ""] = request.split(" ")
      const answer = await ask(`/llm/${provider}${path}`, { method })
      expect(answer.status, request).toBeGreaterThanOrEqual(400)
      expect(answer.body).not.toContain("sk-canary")
    }
    expect(model.seen).toEqual([])
    const { body } = await ask(`/llm/${provider}/files`, { method: "GET" })
    expect(JSON.parse(body).error.message).toBe(
      `GET /files is not a model request, so it is not sent to "${provider}". ` +
        `An operator can allow it with broker.allowedModelRequests.${provider}.`,
    )
    const withQuery = await ask(`/llm/${provider}/models?callback=http://a.example.com`, { method: "GET" })
    expect(withQuery.body).toContain("GET /models?callback is not a model request")
  })

  it("that is none is in the audit log, by its method and path", async () => {
    const curious = await broker.addSession()
    const own = await startSidecar(broker, curious)
    for (let again = 0; again < 3; again++) await call(`${own.url}/llm/demo/files`, { method: "GET" })
    await call(`${own.url}/llm/demo/files/file-1`, { method: "DELETE" })
    const events = broker.audited.filter(({ sessionId }) => sessionId === curious.id)
    expect(events).toMatchObject([
      {
        action: "credential.use",
        outcome: "refused",
        facts: { kind: "model", provider: "demo", request: "GET /files" },
      },
      { outcome: "refused", facts: { kind: "model", provider: "demo", request: "DELETE /files/file-1" } },
    ])
  })

  it("is what an operator allows besides", async () => {
    model.behave((_, response) => void response.end("{}"))
    expect(await ask("/llm/widened/files/f?a=b", { method: "GET" })).toMatchObject({ status: 200 })
    expect(model.seen.at(-1)?.url).toBe("/widened/files/f?a=b")
    expect(await ask("/llm/widened/files/f", { method: "DELETE" })).toMatchObject({ status: 403 })
  })

  it("carries a replaced key on the very next request", async () => {
    model.behave((_, response) => void response.end("{}"))
    const file = join(broker.directory, "keys", "demo")
    writeFileSync(`${file}.new`, "sk-canary-new")
    renameSync(`${file}.new`, file)
    await ask("/llm/demo/chat/completions", { body: "{}" })
    expect(model.seen.at(-1)?.headers.authorization).toBe("Bearer sk-canary-new")
  })

  it("gives every chunk on at once, the first line before the first byte", async () => {
    let answer: ServerResponse | undefined
    model.behave((_, response) => {
      answer = response
      response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders()
    })
    const stream = await open(`${sidecar.url}/llm/demo/chat/completions`, { method: "POST", body: "{}" })
    expect(stream.headers["content-type"]).toBe("text/event-stream")
    for (const chunk of ["data: one\n\n", "data: two\n\n", "data: three\n\n"]) {
      answer?.write(chunk)
      const [received] = await once(stream, "data")
      expect(String(received)).toBe(chunk)
    }
    answer?.end("data: [DONE]\n\n")
    stream.resume()
    await once(stream, "end")
  })

  it("that is cancelled is cancelled at the provider too", async () => {
    let closed: Promise<unknown> | undefined
    model.behave((request, response) => {
      closed = once(request.socket, "close")
      response.writeHead(200).write("a")
    })
    const stream = await open(`${sidecar.url}/llm/demo/chat/completions`, { method: "POST", body: "{}" })
    stream.on("error", () => {})
    await once(stream, "data")
    stream.destroy()
    await closed
  })

  it("that is cancelled before the provider answers is cancelled there too", async () => {
    let closed: Promise<unknown> | undefined
    const arrived = new Promise<void>((resolve) => {
      model.behave((request) => {
        closed = once(request.socket, "close")
        resolve()
      })
    })
    const controller = new AbortController()
    const asked = fetch(`${sidecar.url}/llm/demo/chat/completions`, {
      method: "POST",
      body: "{}",
      signal: controller.signal,
    })
    await arrived
    controller.abort()
    await expect(asked).rejects.toThrow()
    await closed
  })

  it("whose answer breaks off breaks off for the agent too: half an answer is never taken for a whole one", async () => {
    model.behave((_, response) => {
      response.writeHead(200).write("half", () => response.destroy())
    })
    const stream = await open(`${sidecar.url}/llm/demo/chat/completions`, { method: "POST", body: "{}" })
    await expect(
      (async () => {
        for await (const _ of stream) continue
      })(),
    ).rejects.toThrow("aborted")
  })

  it.each([
    ["nothing", ""],
    ["words without an end", 'data: {"choices":[{"delta":{"content":"ten words"},"finish_reason":null}]}\n\n'],
  ])("whose stream ends in order with %s breaks off, so that the agent's repeats have a limit", async (_, text) => {
    const end = async (more: string) => {
      model.behave((_request, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" }).end(text + more)
      })
      const stream = await open(`${sidecar.url}/llm/demo/chat/completions`, { method: "POST", body: "{}" })
      let body = ""
      for await (const chunk of stream.setEncoding("utf8")) body += chunk
      return body
    }
    await expect(end("")).rejects.toThrow("aborted")
    const truncated = broker.published.filter(({ change }) => "code" in change && change.code === "provider_truncated")
    expect(truncated).toMatchObject([
      {
        id: session.id,
        change: { message: expect.stringContaining('"demo" ended its answer before it was complete') },
      },
    ])
    expect(await end("data: [DONE]\n\n")).toBe(`${text}data: [DONE]\n\n`)
  })

  it("slows the provider down when the agent does not read", async () => {
    const chunk = Buffer.alloc(1024 * 1024, "x")
    let written = 0
    let stalled: (value: number) => void = () => {}
    const paused = new Promise<number>((resolve) => {
      stalled = resolve
    })
    model.behave((_, response) => {
      const more = () => {
        // A writer that is told to wait for longer than a second is being held back.
        const timer = setTimeout(() => stalled(written), 1_000)
        response.write(chunk, () => {
          clearTimeout(timer)
          written += chunk.length
          if (written < 512 * chunk.length) more()
        })
      }
      response.writeHead(200)
      more()
    })
    const stream = await open(`${sidecar.url}/llm/demo/chat/completions`, { method: "POST", body: "{}" })
    expect(await paused).toBeLessThan(64 * chunk.length)
    stream.on("error", () => {}).destroy()
  })
})

describe("the gateway refuses", () => {
  it.each([
    ["a provider that is not configured", "/llm/other/chat/completions", 404],
    ["a path that leads out of the provider's", "/llm/demo/..%2f..%2fadmin", 400],
    ["a provider on the metadata address", "/llm/inside/chat/completions", 403],
    ["a name that leads to a private address and is not on the list", "/llm/local/chat/completions", 403],
    ["routes that it does not have", "/v1/secrets", 404],
    ["a way round by dots", "/llm/demo/../../v1/secrets", 404],
  ])("%s", async (_, path, status) => {
    const before = model.seen.length
    expect(await ask(path, { body: "{}" })).toMatchObject({ status })
    expect(model.seen.length).toBe(before)
  })

  it("to follow a redirect, and never tells where it led", async () => {
    model.behave((_, response) => void response.writeHead(307, { location: "http://127.0.0.1:1/steal" }).end())
    const answer = await ask("/llm/demo/chat/completions", { body: "{}" })
    expect(answer.status).toBe(502)
    expect(answer.headers.location).toBeUndefined()
    expect(answer.body).toContain("redirect")
  })

  it("a request under a name that is not loopback's, as a rebound web page would send it", async () => {
    expect(await ask("/llm/demo/chat/completions", { headers: { host: "evil.example.com" } })).toMatchObject({
      status: 421,
    })
  })

  it("to take a request's body for a request of its own, whatever Connection says of its length", async () => {
    model.behave((request, response) => void response.end(request.url))
    const before = model.seen.length
    const hidden = "POST /v1/hidden HTTP/1.1\r\nContent-Length: 0\r\nX-A: "
    for (const method of METHODS) {
      const headers = { connection: "content-length", "content-length": String(hidden.length) }
      expect(await ask("/llm/widened/own", { method, headers, body: hidden })).toMatchObject({ body: "/widened/own" })
      expect(await ask("/llm/widened/next", { method: "GET" })).toMatchObject({ body: "/widened/next" })
    }
    const seen = model.seen.slice(before).map(({ method, url }) => `${method} ${url}`)
    expect(seen).toEqual(METHODS.flatMap((method) => [`${method} /widened/own`, "GET /widened/next"]))
  })

  it("a pod whose token has run out, in words", async () => {
    const other = await broker.addSession()
    const stale = await startSidecar(broker, other)
    writeFileSync(stale.tokenFile, await broker.cluster.signToken({ pod: other.pod, expiresIn: -60 }))
    const answer = await call(`${stale.url}/llm/demo/models`)
    expect(answer.status).toBe(401)
    expect(JSON.parse(answer.body).error.message).toContain("token")
  })
})

describe("what the gateway leaves behind", () => {
  it("passes a provider's refusal on as it is, and counts it as failed", async () => {
    const counted = await broker.addSession()
    const own = await startSidecar(broker, counted)
    model.behave(
      (_, response) => void response.writeHead(429, { "retry-after": "7" }).end('{"error":{"message":"slow down"}}'),
    )
    const refused = await call(`${own.url}/llm/demo/chat/completions`, { method: "POST", body: "{}" })
    expect(refused).toMatchObject({ status: 429, body: '{"error":{"message":"slow down"}}' })
    expect(refused.headers["retry-after"]).toBe("7")
    model.behave((_, response) => void response.end("12345"))
    await call(`${own.url}/llm/demo/chat/completions`, { method: "POST", body: "{}" })
    await vi.waitFor(
      async () => {
        const { rows } = await broker.database.raw("SELECT * FROM usage WHERE session_id = ?", [counted.id])
        expect(rows).toMatchObject([{ provider: "demo", requests: 2, failed_requests: 1, response_bytes: 38 }])
      },
      { timeout: 60_000, interval: 100 },
    )
  })

  it("writes no key anywhere: not to the log, not to the agent's configuration, not to an error", async () => {
    const { body } = await call(`${sidecar.url}/v1/workload`)
    expect(body).toContain("http://127.0.0.1:7070/llm/demo")
    expect(body + broker.logged.join("")).not.toMatch(/sk-canary|X-Team/i)
    expect(broker.audited).toContainEqual(
      expect.objectContaining({
        action: "credential.use",
        sessionId: session.id,
        facts: { kind: "model", provider: "demo" },
      }),
    )
  })

  it("ends in order on SIGTERM", async () => {
    const ending = await startSidecar(broker, await broker.addSession())
    expect(await ending.stop()).toBe(0)
  })
})
