import { createServer, type Server } from "node:http"
import { type AddressInfo, connect } from "node:net"
import { afterEach, expect, test } from "vitest"
import { format, type ServerSentEvent, WRITER_LIMITS, type WriterLimits, writeEvents } from "./writer.ts"

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

async function serve(
  source: () => AsyncGenerator<ServerSentEvent>,
  options: { signal?: AbortSignal; limits?: Partial<WriterLimits> } = {},
): Promise<{ url: string; port: number; done: Promise<void> }> {
  const done = Promise.withResolvers<void>()
  const server = createServer((_request, response) => {
    const closed = new AbortController()
    response.once("close", () => closed.abort("closed"))
    const signal = AbortSignal.any([closed.signal, ...(options.signal ? [options.signal] : [])])
    writeEvents(response, source(), signal, { ...WRITER_LIMITS, ...options.limits }).then(done.resolve, done.reject)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port, done: done.promise }
}

const forever = () => new Promise<never>(() => undefined)

test("an event has an id, a name and one line of data, whatever is in it", () => {
  expect(format({ id: 7, event: "part.delta", data: { delta: "a\nb\r\n: c\n\nid: 9" } })).toBe(
    'id: 7\nevent: part.delta\ndata: {"delta":"a\\nb\\r\\n: c\\n\\nid: 9"}\n\n',
  )
})

test("events are sent in order and the stream ends with its source", async () => {
  const { url } = await serve(async function* () {
    yield null
    for (let id = 1; id <= 3; id += 1) yield { id, event: "x", data: id }
  })
  const response = await fetch(url)
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8")
  expect(response.headers.get("x-accel-buffering")).toBe("no")
  const text = await response.text()
  expect(text).toBe(`retry: 1000\n\n${[1, 2, 3].map((id) => `id: ${id}\nevent: x\ndata: ${id}\n\n`).join("")}`)
})

test("a quiet stream shows that it lives", async () => {
  const { url } = await serve(
    async function* () {
      yield null
      await forever()
    },
    { limits: { heartbeat_ms: 5 } },
  )
  const reader = (await fetch(url)).body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ""
  while (!/(: still here\n\n){2}/.test(text)) text += (await reader?.read())?.value ?? ""
  await reader?.cancel()
})

test("at shutdown the client is told to reconnect, even when the source hangs", async () => {
  const shutdown = new AbortController()
  const { url, done } = await serve(
    async function* () {
      yield { event: "first", data: 1 }
      await forever()
    },
    { signal: shutdown.signal },
  )
  const response = await fetch(url)
  shutdown.abort("shutdown")
  expect(await response.text()).toMatch(/event: reconnect\ndata: \{"retry_ms":1000\}\n\n$/)
  await done
})

test("a stream whose sign-in ended ends without a word", async () => {
  const signedOut = new AbortController()
  const { url } = await serve(
    async function* () {
      yield null
      await forever()
    },
    { signal: signedOut.signal },
  )
  const response = await fetch(url)
  signedOut.abort("signed_out")
  expect(await response.text()).toBe("retry: 1000\n\n")
})

test("the source is asked no faster than the reader takes, and a stalled reader is cut off", async () => {
  let asked = 0
  const { port, done } = await serve(
    async function* () {
      const data = "x".repeat(64 * 1024)
      for (;;) {
        asked += 1
        yield { event: "big", data }
      }
    },
    { limits: { stalled_ms: 100 } },
  )
  const socket = connect(port, "127.0.0.1")
  socket.on("error", () => undefined)
  socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
  socket.pause()
  await done
  socket.destroy()
  // What the kernel's buffers of both ends take, 64 KiB each: far from unbounded.
  expect(asked).toBeLessThan(200)
})

test("when the client goes away the source is told to stop", async () => {
  const stopped = Promise.withResolvers<void>()
  const { url } = await serve(async function* () {
    try {
      for (;;) {
        yield { event: "tick", data: 1 }
        await new Promise((resolve) => setImmediate(resolve))
      }
    } finally {
      stopped.resolve()
    }
  })
  const abort = new AbortController()
  await fetch(url, { signal: abort.signal })
  abort.abort()
  await stopped.promise
})
