import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { type Api, ApiError } from "../api/client.ts"
import { Hub, type Port } from "./hub.ts"
import type { FromHub, FromPage, Topic } from "./protocol.ts"

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A hub whose connections the test holds in its hands. */
function harness() {
  const connections: { path: string; open: boolean; say(data: object & { type: string }): void; end(): void }[] = []
  let refusal: ApiError | null = null
  const api: Api = {
    request: () => Promise.reject(new Error("not used")),
    async open(path, options) {
      if (refusal) throw refusal
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          const connection = {
            path,
            open: true,
            say: (data: { type: string }) =>
              controller.enqueue(new TextEncoder().encode(`event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`)),
            end: () => controller.close(),
          }
          connections.push(connection)
          options?.signal?.addEventListener("abort", () => {
            connection.open = false
            controller.error(new Error("aborted"))
          })
        },
      })
      return new Response(body)
    },
  }
  const hub = new Hub({ api, now: Date.now })
  const page = () => {
    const told: string[] = []
    const links: string[] = []
    const port: Port = {
      onmessage: null,
      postMessage(message: FromHub) {
        if (message.op === "link") links.push(`${message.key} ${message.link.state}`)
        if (message.op === "told")
          told.push(`${message.key} ${"seq" in message.told ? message.told.seq : message.told.kind}`)
      },
    }
    hub.connect(port)
    const say = (data: FromPage) => port.onmessage?.({ data })
    const want = (topics: Readonly<Record<number, Topic>>) =>
      say({ op: "want", subscriptions: Object.entries(topics).map(([key, topic]) => ({ key: Number(key), topic })) })
    return { told, links, want }
  }
  const open = () => connections.filter((one) => one.open).map(({ path }) => path)
  return { page, connections, open, refuse: (error: ApiError | null) => (refusal = error) }
}

const settle = () => vi.advanceTimersByTimeAsync(30)
const list = { kind: "list" } as const
const session = (id: string, after: number) => ({ kind: "session", id, after }) as const
const note = (sessionId: string, seq: number) => ({ type: "notice", sessionId, seq })

test("what all pages want goes over one connection, and each gets its own", async () => {
  const { page, connections, open } = harness()
  const [one, two] = [page(), page()]
  one.want({ 1: list, 2: session("a", 5) })
  two.want({ 1: list, 2: session("b", 0) })
  await settle()
  expect(open()).toEqual(["stream?sessions=a:5,b:0"])
  connections[0]?.say(note("a", 6))
  connections[0]?.say(note("b", 1))
  connections[0]?.say({ type: "session" })
  connections[0]?.say({ type: "reset" })
  await settle()
  expect(one.told).toEqual(["2 6", "1 session", "1 reset"])
  expect(two.told).toEqual(["2 1", "1 session", "1 reset"])
  expect(one.links).toEqual(["1 live", "2 live"])
})

test("a further session is asked for with a second connection, before the first one is given up", async () => {
  const { page, connections, open, refuse } = harness()
  const [one, two] = [page(), page()]
  one.want({ 1: session("a", 5) })
  await settle()
  refuse(new ApiError({ status: 503, code: "unavailable", message: "x" }))
  two.want({ 1: session("b", 0) })
  await settle()
  expect(open()).toEqual(["stream?sessions=a:5"])
  connections[0]?.say(note("a", 6))
  await settle()
  expect(one.told).toEqual(["1 6"])
  refuse(null)
  await vi.advanceTimersByTimeAsync(2_000)
  expect(open()).toEqual(["stream?sessions=a:6,b:0"])
  connections[1]?.say(note("a", 7))
  await settle()
  expect(one.told).toEqual(["1 6", "1 7"])
  expect(one.links.at(-1)).toBe("1 live")
})

test("a page that comes later and has less gets everything, and the others nothing twice", async () => {
  const { page, connections, open } = harness()
  const [one, two, three] = [page(), page(), page()]
  one.want({ 1: session("a", 0) })
  await settle()
  for (const seq of [1, 2, 3]) connections[0]?.say(note("a", seq))
  await settle()
  two.want({ 1: session("a", 3) })
  await settle()
  expect(connections.length).toBe(1)
  three.want({ 1: session("a", 1) })
  await settle()
  expect(open()).toEqual(["stream?sessions=a:1"])
  for (const seq of [2, 3, 4]) connections[1]?.say(note("a", seq))
  await settle()
  expect(one.told).toEqual(["1 1", "1 2", "1 3", "1 4"])
  expect(two.told).toEqual(["1 4"])
  expect(three.told).toEqual(["1 2", "1 3", "1 4"])
})

test("after a lost connection all go on where they were", async () => {
  const { page, connections, open } = harness()
  const one = page()
  one.want({ 1: list, 2: session("a", 0) })
  await settle()
  connections[0]?.say(note("a", 1))
  await settle()
  connections[0]?.end()
  await vi.advanceTimersByTimeAsync(1_000)
  expect(open().at(-1)).toBe("stream?sessions=a:1")
  expect(one.links).toEqual(["1 live", "2 live", "1 lost", "2 lost", "1 live", "2 live"])
})

test("what nobody wants is not followed for long, and when nobody wants anything the connection is closed", async () => {
  const { page, open } = harness()
  const [one, two] = [page(), page()]
  one.want({ 1: list, 2: session("a", 0) })
  two.want({ 1: session("b", 0) })
  await settle()
  two.want({})
  await vi.advanceTimersByTimeAsync(4_000)
  expect(open()).toEqual(["stream?sessions=a:0"])
  one.want({})
  await vi.advanceTimersByTimeAsync(4_000)
  expect(open()).toEqual([])
})

test("a page that says nothing for three minutes is forgotten", async () => {
  const { page, open } = harness()
  const [crashed, other] = [page(), page()]
  crashed.want({ 1: session("a", 0) })
  for (let minute = 0; minute < 5; minute += 1) {
    other.want({ 1: session("b", 0) })
    await vi.advanceTimersByTimeAsync(60_000)
  }
  expect(open()).toEqual(["stream?sessions=b:0"])
})

test("a session that ends does so for its own pages, and the end of the sign-in for all", async () => {
  const { page, connections, refuse } = harness()
  const [one, two] = [page(), page()]
  one.want({ 1: session("a", 0) })
  two.want({ 1: session("b", 0) })
  await settle()
  connections[0]?.say({ type: "session.ended", sessionId: "a" } as never)
  await settle()
  expect(one.links).toEqual(["1 live", "1 ended"])
  expect(two.links).toEqual(["1 live"])
  refuse(new ApiError({ status: 401, code: "unauthenticated", message: "x" }))
  connections[0]?.end()
  await vi.advanceTimersByTimeAsync(1_000)
  expect(two.links).toEqual(["1 live", "1 lost", "1 ended"])
})

test("a session that must be read again says so, and goes on from where the page has read it", async () => {
  const { page, connections, open } = harness()
  const one = page()
  one.want({ 1: session("a", 3) })
  await settle()
  connections[0]?.say({ type: "session.reread", sessionId: "a" } as never)
  await settle()
  expect(one.told).toEqual(["1 reset"])
  one.want({ 2: session("a", 90) })
  await settle()
  expect(open()).toEqual(["stream?sessions=a:90"])
})
