import { PassThrough } from "node:stream"
import { finished } from "node:stream/promises"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { createHeldBodies } from "./held-bodies.ts"

const bodies = () =>
  createHeldBodies({
    body_bytes_max: 10,
    session_bytes_max: 15,
    held_bytes_max: 30,
    idle_ms: 1_000,
    read_ms: 5_000,
  })

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A request of which `text` has arrived, and nothing else yet. */
function begun(text: string): PassThrough {
  const request = new PassThrough()
  request.write(text)
  return request
}

function whole(text: string): PassThrough {
  return new PassThrough().end(text)
}

const taken = () => new Promise((resolve) => setImmediate(resolve))

test("a body is read as a whole, and gone once it has been sent", async () => {
  const body = await bodies().read("a", whole("0123456789"))
  expect(body.bytes().toString()).toBe("0123456789")
  body.release()
  expect(() => body.bytes()).toThrow()
})

test("a body that is too large is refused, and counts for nothing", async () => {
  const held = bodies()
  for (let again = 0; again < 5; again++) {
    await expect(held.read("a", whole("0123456789x"))).rejects.toMatchObject({ code: "too_large", status: 413 })
  }
  await held.read("a", whole("0123456789"))
})

test("a session that holds its share is refused; another is not", async () => {
  const held = bodies()
  const first = await held.read("a", whole("0123456789"))
  await expect(held.read("a", whole("0123456789"))).rejects.toMatchObject({ status: 429, retryAfter_s: 1 })
  await held.read("b", whole("0123456789"))
  first.release()
  first.release()
  await held.read("a", whole("0123456789"))
})

test("all sessions together hold so much and no more", async () => {
  const held = bodies()
  const [first] = await Promise.all(["a", "b", "c"].map((id) => held.read(id, whole("0123456789"))))
  await expect(held.read("d", whole("x"))).rejects.toMatchObject({ status: 503, retryAfter_s: 1 })
  first?.release()
  await held.read("d", whole("x"))
})

test("uploads that stand still give their room back, and their connection", async () => {
  const held = bodies()
  const stalled = ["a", "b", "c"].map((id) => ({ id, request: begun("0123456789") }))
  const refused = stalled.map(({ id, request }) =>
    expect(held.read(id, request)).rejects.toMatchObject({ status: 503, retryAfter_s: 1 }),
  )
  await taken()
  await expect(held.read("d", whole("x"))).rejects.toMatchObject({ status: 503 })
  vi.advanceTimersByTime(1_000)
  await Promise.all(refused)
  await held.read("d", whole("0123456789"))
  expect(stalled.map(({ request }) => request.destroyed)).toEqual([false, false, false])
  vi.advanceTimersByTime(1_000)
  expect(stalled.map(({ request }) => request.destroyed)).toEqual([true, true, true])
})

test("an upload that drips is over after its whole time", async () => {
  const request = begun("0")
  const refused = expect(bodies().read("a", request)).rejects.toMatchObject({ status: 503 })
  for (let second = 0; second < 7; second++) {
    await taken()
    vi.advanceTimersByTime(900)
    if (!request.destroyed) request.write("1")
  }
  await refused
})

test("a request that breaks off is refused at once, also when it had broken off before", async () => {
  const held = bodies()
  const request = begun("0123456789")
  const refused = expect(held.read("a", request)).rejects.toMatchObject({ code: "invalid_request" })
  await taken()
  request.destroy()
  await refused
  await finished(request).catch(() => undefined)
  await expect(held.read("a", request)).rejects.toMatchObject({ code: "invalid_request" })
  await held.read("a", whole("0123456789"))
})
