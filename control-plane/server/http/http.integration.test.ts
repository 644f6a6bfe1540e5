import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { request as httpRequest } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, test, vi } from "vitest"
import WebSocket from "ws"
import { startServer, testConfig } from "../../../test/support/http/server.ts"
import { session } from "../../../test/support/http/session-view.ts"
import { testDatabase } from "../../../test/support/postgres.ts"
import { startStopwatch } from "../../../test/support/stopwatch.ts"
import { AppError } from "../errors/index.ts"
import type { Sessions, SessionView } from "../sessions/service-types.ts"

const patience = { timeout: 60_000, interval: 20 }
const { database, openPool } = await testDatabase()
const ui = mkdtempSync(join(tmpdir(), "berth-ui-"))
afterAll(() => rmSync(ui, { recursive: true }))
mkdirSync(join(ui, "assets"))
const script = `export const text = ${JSON.stringify("berth ".repeat(500))}`
writeFileSync(join(ui, "assets/index-1a2b3c4d.js"), script)
writeFileSync(join(ui, "index.html"), '<!doctype html><head><base href="/" /></head>')

const watched: AbortSignal[] = []
/** What a row might carry along. */
const leak = { passwordSealed: "leak" }
const sessions: Partial<Sessions> = {
  async get(_principal, id) {
    if (id !== session.id) throw new AppError("not_found", "There is no such session.")
    return session
  },
  async requests(principal, id) {
    await this.get?.(principal, id)
    return []
  },
  async list(principal, query) {
    if (query.q === "crash") throw new Error("canary: SELECT secret FROM vault")
    if (query.q === "down") throw Object.assign(new Error("connect"), { code: "ECONNREFUSED" })
    const seen = {
      ...session,
      title: JSON.stringify(query),
      tags: query.tags,
      owner: { ...session.owner, id: principal.userId },
    }
    return { items: [{ ...seen, ...leak } as SessionView], nextCursor: null }
  },
  create: async (_principal, input, key) => ({
    session: { ...session, title: input.title ?? "" },
    created: key !== "again",
  }),
  async *watch(_principal, _id, afterSeq, signal) {
    watched.push(signal)
    if (afterSeq === 99) yield "reset"
    yield [{ seq: afterSeq + 1, change: { type: "notice", level: "info", code: "c", message: "m", ...leak } }]
    yield [{ seq: afterSeq + 2, change: { type: "session.updated", session: { ...session, ...leak } } }]
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }))
  },
  async *watchAll(_principal, signal) {
    yield { type: "session", session: { ...session, ...leak } }
    yield null
    yield { type: "gone", id: "ses_2" }
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }))
  },
}
const config = testConfig({}, { BERTH_UI_DIR: ui })
const one = await startServer({ database, sessions, config })
const two = await startServer({ database: openPool(), sessions, config })
const cookie = await one.signIn()

/** A raw request: fetch does not let us choose the Host. */
function raw(path: string, headers: Record<string, string>, method = "GET"): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(one.url + path, { method, headers }, (response) => {
      let body = ""
      response.setEncoding("utf8").on("data", (chunk) => {
        body += chunk
      })
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }))
    })
    request.on("error", reject).end()
  })
}

async function readUntil(response: Response, pattern: RegExp): Promise<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ""
  for (;;) {
    const next = await reader?.read()
    text += next?.value ?? ""
    if (pattern.test(text)) {
      await reader?.cancel()
      return text
    }
    if (next?.done !== false) throw new Error(`the stream ended with: ${text}`)
  }
}

describe("every answer", () => {
  test("has a request id of ours and headers under which data cannot run", async () => {
    const response = await one.fetch("/api/health", { headers: { "x-request-id": "mine" } })
    expect(response.headers.get("x-request-id")).toMatch(/^req_\w{20}$/)
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'")
    expect(response.headers.get("x-content-type-options")).toBe("nosniff")
    expect(response.headers.get("cache-control")).toBe("no-store")
    expect(await response.json()).toEqual({ status: "ok" })
  })

  test("to a failure of ours says no more than where to find it in the log", async () => {
    const response = await one.fetch("/api/sessions?q=crash", { cookie })
    const text = await response.text()
    expect(response.status).toBe(500)
    expect(JSON.parse(text).error).toEqual({
      code: "internal",
      message: expect.stringContaining("our side"),
      requestId: response.headers.get("x-request-id"),
    })
    expect(text).not.toContain("canary")
  })

  test("while the database is down is 503 with Retry-After", async () => {
    const response = await one.fetch("/api/sessions?q=down", { cookie })
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "2"])
  })

  test("holds what the route declares and nothing else", async () => {
    const text = await (await one.fetch("/api/sessions?tag.team=a&owner=me&limit=7", { cookie })).text()
    expect(text).not.toContain("leak")
    const [item] = JSON.parse(text).items
    expect(JSON.parse(item.title)).toEqual({ owner: item.owner.id, limit: 7, tags: { team: "a" } })
  })

  test("to an address that is not there is 404, to another method 405 with Allow", async () => {
    expect((await one.fetch("/api/nothing", { cookie })).status).toBe(404)
    expect((await one.fetch("/api/sessions/", { cookie })).status).toBe(404)
    expect((await one.fetch("/api/sessions/a%2Fb", { cookie })).status).toBe(404)
    expect((await one.fetch("//api/me", { cookie })).status).toBe(404)
    const response = await one.fetch("/api/sessions", { method: "PUT", cookie })
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD, POST"])
  })
})

describe("a request", () => {
  test("for a name that is not ours is refused, probes apart", async () => {
    expect((await raw("/api/me", { host: "evil.com", cookie })).status).toBe(403)
    expect((await raw("/", { host: "evil.com" })).status).toBe(403)
    expect((await raw("/api/health", { host: "10.0.0.1:8080" })).status).toBe(200)
    expect((await raw("/api/ready", { host: "" })).status).toBe(200)
  })

  test("that another site made the browser send is refused", async () => {
    const post = (headers: Record<string, string>) =>
      one.fetch("/api/sessions", { method: "POST", cookie, json: { title: "x" }, headers })
    expect((await post({})).status).toBe(201)
    expect((await post({ "sec-fetch-site": "same-origin", origin: "https://elsewhere" })).status).toBe(201)
    expect((await post({ "sec-fetch-site": "cross-site" })).status).toBe(403)
    expect((await post({ origin: "https://evil.com" })).status).toBe(403)
    expect((await raw("/api/sessions/ses_1", { cookie }, "DELETE")).status).toBe(403)
    expect(
      (await one.fetch("/api/auth/password", { method: "POST", json: {}, headers: { origin: "null" } })).status,
    ).toBe(403)
  })

  test("with a body that is not JSON is refused", async () => {
    const post = (body: string, type: string) =>
      one.fetch("/api/sessions", { method: "POST", cookie, body, headers: { "content-type": type } })
    expect((await post('{"title":"x"}', "text/plain")).status).toBe(415)
    expect((await post("title=x", "application/x-www-form-urlencoded")).status).toBe(415)
    expect((await post("{", "application/json")).status).toBe(400)
    expect((await post('{"titel":"x"}', "application/json; charset=utf-8")).status).toBe(400)
    expect((await post(JSON.stringify({ title: "x".repeat(2 ** 20) }), "application/json")).status).toBe(413)
  })

  test("before anybody is known is at most 16 KiB", async () => {
    const attempt = async (characters: number) =>
      (
        await one.fetch("/api/auth/password", {
          method: "POST",
          json: { email: "a@b", password: "x".repeat(characters) },
        })
      ).status
    expect([await attempt(20_000), await attempt(1_000)]).toEqual([413, 401])
  })

  test("with an idempotency key says when it is a repeat", async () => {
    const post = (key: string) =>
      one.fetch("/api/sessions", { method: "POST", cookie, json: {}, headers: { "idempotency-key": key } })
    expect((await post("first")).headers.get("idempotency-replayed")).toBeNull()
    const again = await post("again")
    expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([201, "true"])
    expect((await post("x".repeat(201))).status).toBe(400)
  })
})

describe("an event stream", () => {
  const open = (server = one, path = "/api/sessions/ses_1/events", headers: Record<string, string> = {}) =>
    server.fetch(path, { cookie, headers })

  test("goes on after Last-Event-ID, or after= when there is none", async () => {
    expect(await readUntil(await open(one, "/api/sessions/ses_1/events?after=4"), /\n\n.*\n.*\n.*\n\n/)).toContain(
      "id: 5\nevent: notice\n",
    )
    const both = await open(two, "/api/sessions/ses_1/events?after=4", { "last-event-id": "7" })
    expect(await readUntil(both, /notice.*\n.*\n\n/)).toContain("id: 8\n")
    expect(await readUntil(await open(one, "/api/sessions/ses_1/events?after=99"), /notice/)).toContain(
      "event: reset\ndata: {}\n\n",
    )
    expect((await open(one, "/api/events", { "last-event-id": "x" })).status).toBe(400)
  })

  test("of all sessions tells changes, and that something may have been missed", async () => {
    const text = await readUntil(await open(one, "/api/events"), /ses_2/)
    expect(text).toMatch(/id: 1\nevent: session\n.*\n\nid: 2\nevent: reset\n.*\n\nid: 3\nevent: gone\n/)
    expect(await readUntil(await open(one, "/api/events", { "last-event-id": "9" }), /id: 10/)).toContain(
      "event: reset",
    )
  })

  test("holds what the route declares for the type of the event, and nothing else", async () => {
    const events = await readUntil(await open(), /session.updated\n.*\n\n/)
    expect(events).toContain('data: {"type":"notice","level":"info","code":"c","message":"m"}\n')
    expect(events).toMatch(/event: session.updated\ndata: \{"type":"session.updated","session":\{"id":"ses_1",/)
    // What depends on the caller is of no event that all watchers get.
    expect(events).not.toContain('"may"')
    const list = await readUntil(await open(one, "/api/events"), /ses_2/)
    expect(list).toContain('"may":{"write":true,"manage":true,"readFiles":true}')
    expect(events + list).not.toContain("leak")
  })

  test("that may not be is refused with a status", async () => {
    expect((await open(one, "/api/sessions/ses_2/events")).status).toBe(404)
    expect((await one.fetch("/api/events")).status).toBe(401)
  })

  test.each([
    ["the login is revoked", async () => void (await database("logins").where({ method: "second" }).delete())],
    ["the user is disabled", async () => void (await database("users").update({ disabled_at: new Date() }))],
    ["the role changes", async () => void (await database("users").update({ role: "readonly" }))],
  ])("ends on every replica within 5 s when %s", async (_when, act) => {
    const other = await one.signIn()
    await database("logins").whereRaw("created_at = (SELECT max(created_at) FROM logins)").update({ method: "second" })
    const responses = await Promise.all([one, two].map((server) => server.fetch("/api/events", { cookie: other })))
    const ended = Promise.all(responses.map((response) => response.text()))
    const elapsed = startStopwatch()
    await act()
    await ended
    expect(elapsed()).toBeLessThan(5_000)
    await database("users").update({ disabled_at: null, role: "admin" })
  })

  test("ends its source when the client goes away", async () => {
    const abort = new AbortController()
    const before = watched.length
    await one.fetch("/api/sessions/ses_1/events", { cookie, signal: abort.signal })
    await vi.waitFor(() => expect(watched.length).toBe(before + 1), patience)
    abort.abort()
    await vi.waitFor(() => expect(watched.at(-1)?.aborted).toBe(true), patience)
  })
})

describe("a WebSocket upgrade", () => {
  const statusOf = (headers: Record<string, string>, path = "/api/sessions/ses_1/terminal") =>
    new Promise<number>((resolve, reject) => {
      const socket = new WebSocket(one.url.replace("http", "ws") + path, { headers })
      socket.on("unexpected-response", (_request, response) => {
        resolve(response.statusCode ?? 0)
        socket.terminate()
      })
      socket.on("open", () => resolve(101))
      socket.on("error", (error) => (error.message.includes("before the connection") ? undefined : reject(error)))
    })

  test("passes the same checks as a request, before it is accepted", async () => {
    expect(await statusOf({ origin: one.url })).toBe(401)
    expect(await statusOf({ cookie })).toBe(403)
    expect(await statusOf({ cookie, origin: "https://evil.com" })).toBe(403)
    expect(await statusOf({ cookie, origin: one.url, host: "evil.com" })).toBe(403)
    expect(await statusOf({ cookie, origin: one.url })).toBe(404)
  })

  test("to what nobody here speaks is a request like any other, as programs in Java send it", async () => {
    const headers = { connection: "Upgrade, HTTP2-Settings", upgrade: "h2c", "http2-settings": "AAMAAABk" }
    const status = await new Promise((resolve, reject) => {
      httpRequest(`${one.url}/api/health`, { headers }, (response) => resolve(response.resume().statusCode))
        .on("error", reject)
        .end()
    })
    expect(status).toBe(200)
  })
})

describe("the UI", () => {
  test("is served under a policy without inline scripts, and its index for every page", async () => {
    for (const path of ["/", "/sessions/ses_1", "/index.html"]) {
      const response = await one.fetch(path)
      expect(response.status, path).toBe(200)
      expect(await response.text()).toContain('<base href="/" />')
      expect(response.headers.get("cache-control")).toBe("no-cache")
      const policy = response.headers.get("content-security-policy")
      expect(policy).toContain("script-src 'self'")
      expect(policy).not.toContain("unsafe")
    }
  })

  test("has files that are kept for ever, compressed, and found again by their tag", async () => {
    const response = await one.fetch("/assets/index-1a2b3c4d.js", { headers: { "accept-encoding": "gzip" } })
    expect(response.headers.get("content-encoding")).toBe("gzip")
    expect(response.headers.get("cache-control")).toContain("immutable")
    expect(await response.text()).toBe(script)
    const tag = response.headers.get("etag") ?? ""
    // fetch would add Cache-Control: no-cache.
    expect((await raw("/assets/index-1a2b3c4d.js", { "if-none-match": tag })).status).toBe(304)
  })

  test.each(["/assets/missing.js", "/../package.json", "/%2e%2e/package.json", "/assets/..%2findex.html", "/api"])(
    "has nothing at %s",
    async (path) => {
      const { status, body } = await raw(path, { host: "127.0.0.1" })
      expect(status).toBe(404)
      expect(body).not.toContain("<")
    },
  )

  test("lives below a prefix, and so does the API", async () => {
    const below = await startServer({
      database,
      sessions,
      config: testConfig({ public: { host: "127.0.0.1", pathPrefix: "/berth/", tls: false } }, { BERTH_UI_DIR: ui }),
    })
    const index = await below.fetch("/berth/sessions/x")
    expect(await index.text()).toContain('<base href="/berth/" />')
    expect((await below.fetch("/berth/api/me", { cookie })).status).toBe(200)
    expect((await below.fetch("/api/me", { cookie })).status).toBe(404)
    expect((await below.fetch("/api/health")).status).toBe(200)
    expect((await below.fetch("/berth/api/ready")).status).toBe(200)
    const top = await below.fetch("/")
    expect([top.status, top.headers.get("location")]).toEqual([302, "/berth/"])
  })
})

test("a replica that goes away tells its streams to reconnect and then ends", async () => {
  const third = await startServer({ database, sessions, config })
  const stream = await third.fetch("/api/sessions/ses_1/events", { cookie })
  const rest = stream.text()
  const elapsed = startStopwatch()
  await third.http.close()
  expect(elapsed()).toBeLessThan(5_000)
  expect(await rest).toMatch(/event: reconnect\ndata: .*\n\n$/)
  await expect(third.fetch("/api/health")).rejects.toThrow()
})

describe("an id in an address", () => {
  const definition = { npm: "@ai-sdk/openai-compatible", options: { baseURL: "https://models.example.com/v1" } }

  test("may have a dot in it, as a provider's", async () => {
    const saved = await one.fetch("/api/providers/my.provider", { method: "PUT", json: definition, cookie })
    expect(saved.status).toBe(200)
    const read = await one.fetch("/api/providers/my.provider", { cookie })
    expect(await read.json()).toMatchObject({ id: "my.provider", source: "database" })
    expect((await one.fetch("/api/providers/my.provider", { method: "DELETE", cookie })).status).toBe(204)
    expect((await one.fetch("/api/providers/my.provider", { cookie })).status).toBe(404)
  })

  test.each(["%2e%2e", "%2e", "a%2fb", "a%00b", `${"a".repeat(129)}`])(
    "is nothing at all when it is %s",
    async (id) => {
      const answer = await raw(`/api/providers/${id}`, { host: new URL(one.url).host, cookie })
      expect(answer.status).toBe(404)
    },
  )
})
