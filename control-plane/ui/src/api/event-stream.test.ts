import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { type Api, ApiError } from "./client.ts"
import { type EventStream, type Link, openEventStream } from "./event-stream.ts"

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A server whose connections the test holds in its hands. */
function harness() {
  const paths: string[] = []
  const links: Link[] = []
  const seen: string[] = []
  const connections: { send(text: string): void; end(): void }[] = []
  let refusal: ApiError | null = null
  const api: Api = {
    request: () => Promise.reject(new Error("not used")),
    async open(path, options) {
      paths.push(path)
      if (refusal) throw refusal
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          connections.push({
            send: (text) => controller.enqueue(new TextEncoder().encode(text)),
            end: () => controller.close(),
          })
          options?.signal?.addEventListener("abort", () => controller.error(new Error("aborted")))
        },
      })
      return new Response(body)
    },
  }
  const stream: EventStream = openEventStream({
    api,
    next: () => ({ path: `events?after=${seen.length}` }),
    onEvent: (event) => seen.push(event.data),
    onLink: (link) => links.push(link),
    now: () => 1_000,
    random: () => 1,
    silence_ms: 5_000,
  })
  return { stream, paths, links, seen, connections, refuse: (error: ApiError | null) => (refusal = error) }
}

const settle = () => vi.advanceTimersByTimeAsync(0)
const error = (status: number, retryAfter_s: number | null = null) =>
  new ApiError({ status, code: "x", message: "x", retryAfter_s })

describe("a stream of events", () => {
  test("goes on where it was after the connection ended", async () => {
    const { connections, paths, seen, links } = harness()
    await settle()
    connections[0]?.send("data: a\n\n")
    await settle()
    connections[0]?.end()
    await settle()
    expect(links.at(-1)).toEqual({ state: "lost", since: 1_000 })
    await vi.advanceTimersByTimeAsync(400)
    expect(paths).toEqual(["events?after=0", "events?after=1"])
    expect(links.at(-1)).toEqual({ state: "live" })
    expect(seen).toEqual(["a"])
  })

  test("takes silence for a dead connection, and comments for life", async () => {
    const { connections, paths } = harness()
    await settle()
    await vi.advanceTimersByTimeAsync(4_000)
    connections[0]?.send(": still here\n\n")
    await vi.advanceTimersByTimeAsync(4_000)
    expect(paths).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(paths).toHaveLength(2)
  })

  test("waits longer after each failure, and not longer than a limit", async () => {
    const { paths, refuse } = harness()
    refuse(error(502))
    await vi.advanceTimersByTimeAsync(60_000)
    const soon = paths.length
    await vi.advanceTimersByTimeAsync(60_000)
    expect(paths.length - soon).toBe(6)
  })

  test("keeps to the time that the server asks for", async () => {
    const { paths, refuse, connections } = harness()
    await settle()
    refuse(error(503, 4))
    connections[0]?.end()
    await vi.advanceTimersByTimeAsync(1_000)
    const before = paths.length
    await vi.advanceTimersByTimeAsync(2_900)
    expect(paths.length).toBe(before)
    await vi.advanceTimersByTimeAsync(500)
    expect(paths.length).toBe(before + 1)
  })

  test.each([
    [401, "unauthenticated"],
    [403, "gone"],
    [404, "gone"],
  ])("ends for good at status %i", async (status, why) => {
    const { links, paths, refuse, connections } = harness()
    await settle()
    refuse(error(status))
    connections[0]?.end()
    await vi.advanceTimersByTimeAsync(30_000)
    expect(links.at(-1)).toEqual({ state: "ended", why })
    expect(paths).toHaveLength(2)
  })

  test("is silent while it is paused, and goes on after", async () => {
    const { stream, paths, links } = harness()
    await settle()
    stream.pause()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(paths).toHaveLength(1)
    expect(links.at(-1)).toEqual({ state: "paused" })
    stream.resume()
    await settle()
    expect(paths).toHaveLength(2)
    expect(links.at(-1)).toEqual({ state: "live" })
  })

  test("tries at once when it is nudged", async () => {
    const { stream, paths, refuse } = harness()
    refuse(error(502))
    await vi.advanceTimersByTimeAsync(60_000)
    const before = paths.length
    stream.nudge()
    await settle()
    expect(paths.length).toBe(before + 1)
  })

  test("does nothing more once it is closed", async () => {
    const { stream, paths } = harness()
    await settle()
    stream.close()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(paths).toHaveLength(1)
  })
})
