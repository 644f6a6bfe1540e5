import { once } from "node:events"
import type { IncomingMessage } from "node:http"
import { type AddressInfo, connect, type Socket } from "node:net"
import Koa from "koa"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { AppError } from "../errors/index.ts"
import type { Authentication } from "../identity/index.ts"
import { createLogger } from "../observability/index.ts"
import { toAppError } from "./errors.ts"
import { createLoad, type Load } from "./guards/load.ts"
import { createListener } from "./listener.ts"
import type { HttpContext } from "./parts.ts"
import type { Call, Route } from "./routes/route.ts"
import { runRoute } from "./run-route.ts"

const MIB = 1024 * 1024
/** More than the kernel takes for a connection whose reader does not read. */
const PAGE = "x".repeat(8 * MIB)
const ASK = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

const log = createLogger({ level: "silent", replica: "test" })
const cleanups: (() => unknown)[] = []
let load: Load

beforeEach(() => {
  load = createLoad({ total_max: 20, perCaller_max: 10, bytes_max: 40 * MIB, perCallerBytes_max: 20 * MIB })
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function serve(
  handler: (caller: string) => unknown,
  limits = { connections_max: 100, stalled_ms: 60_000 },
): Promise<{ port: number; statuses: number[]; sockets: Socket[] }> {
  const statuses: number[] = []
  const sockets: Socket[] = []
  const app = new Koa()
  const authenticate = async ({ headers }: IncomingMessage) => {
    const principal = { userId: String(headers["x-caller"]), role: "member", method: "token" }
    return { kind: "token", principal, scopes: null, ambient: false, expiresAt: null } as Authentication
  }
  const parts = { identity: { authenticate }, own: { host: "x", tls: false }, load, log, strictAnswers: true }
  const shapes = { answer: { type: "object", properties: { text: { type: "string" } } } } as const
  const route = {
    method: "GET",
    path: "/",
    permission: "sessions:read",
    summary: "",
    shapes,
    handler: ({ principal }: Call) => handler(principal.userId),
  }
  const run = runRoute(route as unknown as Route, parts as unknown as HttpContext)
  app.silent = true
  app.use(async (ctx) => {
    ctx.state.visitor = { address: "192.0.2.1", requestId: "req_1", userAgent: "" }
    ctx.params = {}
    try {
      await run(ctx)
    } catch (thrown) {
      ctx.status = toAppError(thrown).status
      ctx.body = ""
    }
    statuses.push(ctx.status)
  })
  const server = createListener(app.callback(), { log, clock: { now: () => 0 } }, limits)
  server.on("connection", (socket) => sockets.push(socket))
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  cleanups.push(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return { port: (server.address() as AddressInfo).port, statuses, sockets }
}

/** Asks, and never reads what comes. */
function ask(port: number, text = ASK): Socket {
  const socket = connect(port, "127.0.0.1")
  socket.on("error", () => undefined)
  socket.pause()
  socket.write(text)
  cleanups.push(() => socket.destroy())
  return socket
}

const askAs = (caller: string) => `GET / HTTP/1.1\r\nHost: x\r\nX-Caller: ${caller}\r\n\r\n`
const left = () => vi.waitFor(() => expect([load.running, load.bytes]).toEqual([0, 0]), { timeout: 30_000 })

test("an answer that nobody reads counts until its connection is gone, and each caller gets so many bytes of them", async () => {
  const { port, statuses } = await serve(() => ({ text: PAGE }))
  const readers = []
  for (let count = 1; count <= 5; count += 1) {
    readers.push(ask(port))
    await vi.waitFor(() => expect(statuses).toHaveLength(count), { timeout: 30_000 })
  }
  expect(statuses).toEqual([200, 200, 429, 429, 429])
  await vi.waitFor(() => expect(load.running).toBe(2), { timeout: 30_000 })
  expect(load.bytes).toBeGreaterThan(16 * MIB)
  expect(load.bytes).toBeLessThan(20 * MIB)

  for (const reader of readers) reader.destroy()
  await left()
})

test("many callers that do not read are held for up to a limit in total, and small answers go on", async () => {
  const { port, statuses } = await serve((caller) => ({ text: caller === "small" ? "" : PAGE }))
  for (const caller of ["a", "a", "b", "b", "c", "c"]) {
    const before = statuses.length
    ask(port, askAs(caller))
    await vi.waitFor(() => expect(statuses).toHaveLength(before + 1), { timeout: 30_000 })
  }
  expect(statuses).toEqual([200, 200, 200, 200, 503, 503])
  ask(port, askAs("small"))
  await vi.waitFor(() => expect(statuses).toHaveLength(7), { timeout: 30_000 })
  expect(statuses[6]).toBe(200)
})

test("an answer that is taken leaves room for the next one", async () => {
  const { port, statuses } = await serve(() => ({ text: PAGE }))
  for (let count = 0; count < 5; count += 1) {
    expect((await (await fetch(`http://127.0.0.1:${port}/`)).text()).length).toBeGreaterThan(8 * MIB)
    await left()
  }
  expect(statuses).toEqual([200, 200, 200, 200, 200])
})

test.each([
  ["a failure", "GET", () => Promise.reject(new AppError("conflict", "no"))],
  ["a HEAD request", "HEAD", () => ({ text: PAGE })],
  ["an empty answer", "GET", () => ({})],
])("%s leaves when it was sent", async (_name, method, handler) => {
  const { port, statuses } = await serve(handler)
  await (await fetch(`http://127.0.0.1:${port}/`, { method })).text()
  await left()
  expect(statuses).toHaveLength(1)
})

test("a reader that goes away before its answer is made leaves when its handler ends, not before", async () => {
  const asked = Promise.withResolvers<void>()
  const made = Promise.withResolvers<object>()
  const { port, statuses } = await serve(() => {
    asked.resolve()
    return made.promise
  })
  const socket = ask(port)
  await asked.promise
  socket.destroy()
  await once(socket, "close")
  expect(load.running).toBe(1)
  made.resolve({ text: PAGE })
  await left()
  expect(statuses).toHaveLength(1)
})

test("answers that wait behind one that nobody reads leave with their connection", async () => {
  const { port, statuses } = await serve((caller) => ({ text: caller === "small" ? "" : PAGE }))
  const socket = ask(port, `${ASK}${askAs("small")}${askAs("small")}`)
  await vi.waitFor(() => expect(statuses).toHaveLength(3), { timeout: 30_000 })
  expect(load.running).toBe(3)
  socket.destroy()
  await left()
})

test("a reader that takes nothing for a while is cut off", async () => {
  const { port, statuses } = await serve(() => ({ text: PAGE }), { connections_max: 100, stalled_ms: 50 })
  ask(port)
  await vi.waitFor(() => expect(statuses).toEqual([200]), { timeout: 30_000 })
  await left()
})

test("a handler may think for longer than a reader may stand still", async () => {
  const made = Promise.withResolvers<object>()
  const { port, sockets } = await serve(() => made.promise, { connections_max: 100, stalled_ms: 20 })
  const answer = fetch(`http://127.0.0.1:${port}/`)
  await vi.waitFor(() => expect(load.running).toBe(1), { timeout: 30_000 })
  expect(sockets.map(({ timeout }) => timeout ?? 0)).toEqual([0])
  made.resolve({ text: "late" })
  expect(await (await answer).json()).toEqual({ text: "late" })
})

test("connections beyond the limit are closed", async () => {
  const { port } = await serve(() => ({}), { connections_max: 2, stalled_ms: 60_000 })
  const sockets = [ask(port), ask(port)]
  await Promise.all(sockets.map((socket) => once(socket.resume(), "data")))
  const third = ask(port).resume()
  await once(third, "close")
})

test("64 KiB of headers are read, and more are refused with 431 and a line in the log", async () => {
  const warn = vi.fn()
  const listener = createListener(
    (request, response) => void response.end(String(request.rawHeaders.join("").length)),
    {
      log: { warn } as never,
      clock: { now: () => 0 },
    },
  )
  await once(listener.listen(0, "127.0.0.1"), "listening")
  cleanups.push(() => listener.close())
  const { port } = listener.address() as AddressInfo
  const ask = async (bytes: number) => {
    const socket = connect(port, "127.0.0.1")
    socket.write(`GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Token: ${"x".repeat(bytes)}\r\n\r\n`)
    let answer = ""
    socket.setEncoding("latin1").on("data", (text: string) => {
      answer += text
    })
    socket.on("error", () => undefined)
    await once(socket, "close")
    return answer.split(" ")[1]
  }
  expect(await ask(48 * 1024)).toBe("200")
  expect(warn).not.toHaveBeenCalled()
  expect(await ask(80 * 1024)).toBe("431")
  expect(await ask(80 * 1024)).toBe("431")
  expect(warn).toHaveBeenCalledTimes(1)
  expect(warn.mock.calls[0]?.[1]).toContain("headers are too large")
})
