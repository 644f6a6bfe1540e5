import { pino } from "pino"
import { afterEach, expect, test } from "vitest"
import { until } from "../../../../scripts/lib/wait.ts"
import { type Handler, ROOT_ID, type SpokenPod, spokenPod } from "../../../../test/support/runtime/pod.ts"
import { startStopwatch } from "../../../../test/support/stopwatch.ts"
import { Secret } from "../../crypto/index.ts"
import { systemClock } from "../../time/index.ts"
import type { Change } from "../../transcripts/types.ts"
import { createRuntime } from "../index.ts"
import { LIMITS } from "./limits.ts"

const runtime = createRuntime({ clock: systemClock, log: pino({ level: "silent" }) })
const rootId = ROOT_ID
const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function pod(handle: Handler): Promise<SpokenPod> {
  const started = await spokenPod(handle)
  ends.push(started.close)
  return started
}

function follow(url: string, onChanges: (changes: readonly Change[]) => Promise<void> = async () => {}) {
  const state = { ready: false, lost: [] as string[], changes: [] as Change[] }
  const connection = runtime.connect({
    target: { baseUrl: url, password: new Secret("pw"), directory: "/workspace/repo" },
    title: "t",
    agentSessionId: rootId,
    signal: new AbortController().signal,
    sink: {
      agentSession: async () => {},
      changes: async (changes) => {
        state.changes.push(...changes)
        await onChanges(changes)
      },
      activity: async () => {},
      ownPrompts: async () => [],
      storedTexts: async () => new Map(),
      ready: async () => void (state.ready = true),
      link: (_, detail) => void state.lost.push(detail),
    },
  })
  const close = async () => {
    connection.close()
    await connection.closed
  }
  ends.push(close)
  return Object.assign(state, { close })
}

const soon = async (what: string, condition: () => boolean) =>
  await until(what, async () => condition(), { timeout_ms: 90_000, every_ms: 20 })

test("every request pins the directory, and a redirect is not followed", async () => {
  const other = await pod(() => false)
  const { url, seen } = await pod((request, response) => {
    if (!request.url?.startsWith("/session/status")) return false
    response.writeHead(302, { location: `${other.url}/session/status` }).end()
    return true
  })
  const target = { baseUrl: url, password: new Secret("pw"), directory: "/workspace/repo" }
  expect(await runtime.probe(target, 2000)).toBe(false)
  follow(url)
  await soon("several requests", () => seen.length > 5)
  expect(seen.every((line) => line.includes("directory=%2Fworkspace%2Frepo"))).toBe(true)
  expect(other.seen).toEqual([])
})

/** A pod whose answer to one path goes on for ever. */
async function endless(path: string, status: number): Promise<{ url: string; sent: () => number }> {
  const chunk = Buffer.from(`[${"{},".repeat(20_000)}`)
  let sent = 0
  const { url } = await pod((request, response) => {
    if (!request.url?.startsWith(path)) return false
    response.writeHead(status, { "content-type": "application/json" })
    const more = () => {
      do sent += chunk.length
      while (!response.destroyed && response.write(chunk))
    }
    response.on("drain", more)
    more()
    return true
  })
  return { url, sent: () => sent }
}

test("a probe and every other question that only a status answers read nothing of a long answer", async () => {
  const [up, down] = [await endless("/session", 200), await endless("/session", 500)]
  const target = (url: string) => ({ baseUrl: url, password: new Secret("pw"), directory: "/workspace/repo" })
  expect(await runtime.probe(target(up.url), 20_000)).toBe(true)
  expect(await runtime.probe(target(down.url), 20_000)).toBe(false)
  await runtime.abort(target(up.url), rootId)
  await expect(runtime.abort(target(down.url), rootId)).rejects.toMatchObject({ code: "agent_failed" })
  // What the kernel holds on both ends of the connections.
  for (const { sent } of [up, down]) expect(sent()).toBeLessThan(24 * 1024 * 1024)
})

test("why an agent cannot take a prompt is read of a short answer only", async () => {
  const { url } = await endless("/session/status", 500)
  const target = { baseUrl: url, password: new Secret("pw"), directory: "/workspace/repo" }
  expect(await runtime.explain(target, 20_000)).toBeNull()
})

test("an answer that never ends is cut off, and the pod stays lost instead of taking the memory", async () => {
  const chunk = Buffer.alloc(1024 * 1024, " ")
  const { url } = await pod((request, response) => {
    if (!request.url?.startsWith("/session/status")) return false
    response.setHeader("content-type", "application/json")
    const more = () => {
      while (!response.destroyed && response.write(chunk)) {}
    }
    response.on("drain", more)
    more()
    return true
  })
  const state = follow(url)
  await soon("the loss", () => state.lost.length > 0)
  expect(state.lost[0]).toContain("more than it may")
  expect(state.ready).toBe(false)
})

test("a page of messages that is too large is read in smaller pieces", async () => {
  const huge = "x".repeat(LIMITS.json_bytes_max / 3)
  const message = (id: string) => ({
    info: { id, sessionID: rootId, role: "assistant", time: { created: 1, completed: 2 } },
    parts: [
      { id: `prt_${id}`, sessionID: rootId, messageID: id, type: "text", text: huge, time: { start: 1, end: 2 } },
    ],
  })
  const ids = ["msg_1", "msg_2", "msg_3", "msg_4"]
  const { url } = await pod((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://pod")
    if (pathname !== `/session/${rootId}/message`) return false
    const end = Number(searchParams.get("before") ?? ids.length)
    const begin = Math.max(0, end - Number(searchParams.get("limit")))
    response.setHeader("content-type", "application/json")
    if (begin > 0) response.setHeader("x-next-cursor", String(begin))
    response.end(JSON.stringify(ids.slice(begin, end).map(message)))
    return true
  })
  const state = follow(url)
  await soon("the connection", () => state.ready)
  const read = state.changes.flatMap((change) => (change.type === "message.updated" ? [change.message.id] : []))
  expect(read).toEqual(ids)
})

test("all conversations of an agent have one budget of work, whatever their pages are made of", async () => {
  let sent = 0
  // All the values that one answer may have, and some words: else it would take a thousand pages.
  const junk = `["${"x".repeat(300_000)}",${"{},".repeat(LIMITS.json_values_max / 2 - 100)}{}]`
  const { url, seen } = await pod((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://pod")
    response.setHeader("content-type", "application/json")
    if (pathname === `/session/${rootId}/children`) {
      response.end(JSON.stringify(Array.from({ length: 500 }, (_, index) => ({ id: `ses_${index}` }))))
      return true
    }
    if (!/^\/session\/[^/]+\/message$/.test(pathname)) return false
    const info = { id: `msg_${sent++}`, sessionID: pathname.split("/")[2], role: "user" }
    response.setHeader("x-next-cursor", String(sent))
    response.end(`[{"info":${JSON.stringify(info)},"parts":${junk}}]`)
    return true
  })
  let most = 0
  const before = process.memoryUsage().heapUsed
  const state = follow(url)
  await soon("the connection", () => {
    most = Math.max(most, process.memoryUsage().heapUsed - before)
    return state.ready
  })
  expect(seen.filter((line) => line.includes("/children")).length).toBe(LIMITS.sub_agents_max)
  expect(sent * junk.length).toBeLessThan(LIMITS.history_bytes_max + junk.length)
  // Held as values they were 340 MB.
  expect(most).toBeLessThan(250 * 1024 * 1024)
})

/** A pod that says as much as it can, from `start` on. */
async function flooding(): Promise<{ url: string; start(): void }> {
  let index = 0
  let started = false
  const streams = new Set<() => void>()
  const event = () => {
    const messageID = `msg_${index++}`
    const info = { id: messageID, sessionID: rootId, role: "assistant", time: { created: 1 } }
    const text = "x".repeat(50_000)
    const part = { id: `prt_${index}`, sessionID: rootId, messageID, type: "text", text, time: { start: 1 } }
    const line = (type: string, properties: object) => `data: ${JSON.stringify({ type, properties })}\n\n`
    return line("message.updated", { info }) + line("message.part.updated", { part })
  }
  const { url } = await pod((request, response) => {
    if (!request.url?.startsWith("/event")) return false
    response.writeHead(200, { "content-type": "text/event-stream" })
    response.write('data: {"type":"server.connected","properties":{}}\n\n')
    const more = () => {
      while (started && !response.destroyed && response.write(event())) {}
    }
    response.on("drain", more).on("close", () => streams.delete(more))
    streams.add(more)
    more()
    return true
  })
  const start = () => {
    started = true
    for (const more of streams) more()
  }
  return { url, start }
}

test("a pod that floods its stream does not fill the memory while the receiver is slow", async () => {
  const { url, start } = await flooding()
  const before = process.memoryUsage().heapUsed
  const state = follow(url, async () => await systemClock.sleep(500))
  await soon("the connection", () => state.ready)
  start()
  await soon("the flood being let go", () => state.lost.some((detail) => detail.includes("more than can be stored")))
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(300 * 1024 * 1024)
})

test("a pod that floods before it was ever in step does not fill the memory while nothing can be stored", async () => {
  const { url, start } = await flooding()
  start()
  const stuck = Promise.withResolvers<void>()
  const state = follow(url, () => stuck.promise)
  await soon("the flood being let go", () => state.lost.some((detail) => detail.includes("more than can be stored")))
  stuck.resolve()
})

test("a connection to a pod that floods from the beginning ends as soon as it is closed", async () => {
  const { url, start } = await flooding()
  start()
  const state = follow(url)
  // Not `ready`: in step with a pod that never pauses is a matter of luck.
  await soon("the flood having arrived", () => state.changes.length > 0 || state.lost.length > 0)
  const elapsed = startStopwatch()
  await state.close()
  expect(elapsed()).toBeLessThan(3_000)
})

test("a stream of anything but events is refused", async () => {
  const { url } = await pod((request, response) => {
    if (!request.url?.startsWith("/event")) return false
    response.writeHead(200, { "content-type": "text/html" }).end("<script>1</script>")
    return true
  })
  const state = follow(url)
  await soon("the loss", () => state.lost.length > 0)
  expect(state.ready).toBe(false)
})
