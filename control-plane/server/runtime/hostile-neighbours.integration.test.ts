import { spawn } from "node:child_process"
import { once } from "node:events"
import { pino } from "pino"
import { afterAll, expect, test } from "vitest"
import { until } from "../../../scripts/lib/wait.ts"
import { startAgent } from "../../../test/support/opencode.ts"
import { testDatabase } from "../../../test/support/postgres.ts"
import { ATTACKS } from "../../../test/support/runtime/hostile-agent.ts"
import { ROOT_ID } from "../../../test/support/runtime/pod.ts"
import { newId, Secret } from "../crypto/index.ts"
import { createNotifications } from "../database/index.ts"
import type { Lease } from "../leases/types.ts"
import { systemClock } from "../time/index.ts"
import { createTranscripts } from "../transcripts/index.ts"
import { createRuntime } from "./index.ts"
import type { AgentTarget } from "./types.ts"

const MIB = 1024 * 1024
const log = pino({ level: "silent" })
const runtime = createRuntime({ clock: systemClock, log })
const { database, url, openPool } = await testDatabase()
const notifications = createNotifications({ url, log, clock: systemClock })
const room = { session_bytes_max: 8 * MIB, owner_bytes_max: 0, database_bytes_max: 0 }
const transcripts = createTranscripts({ database: openPool(), notifications, clock: systemClock, log, room })
const ends: (() => Promise<void> | void)[] = [() => notifications.close()]
afterAll(async () => {
  for (const end of ends.reverse()) await end()
})

/** A hostile fake agent in a process of its own: what it costs itself does not count. */
async function hostileAgent(attack: string): Promise<AgentTarget> {
  const program = `${import.meta.dirname}/../../../test/support/runtime/hostile-agent.ts`
  const child = spawn(process.execPath, [program, attack], { stdio: ["ignore", "pipe", "inherit"] })
  ends.push(() => void child.kill("SIGKILL"))
  const [port] = await once(child.stdout, "data")
  return {
    baseUrl: `http://127.0.0.1:${String(port).trim()}`,
    password: new Secret("pw"),
    directory: "/workspace/repo",
  }
}

/** How much each of them has said so far. */
async function counts(hostile: readonly AgentTarget[]): Promise<number[]> {
  return await Promise.all(hostile.map(async ({ baseUrl }) => Number(await (await fetch(`${baseUrl}/count`)).text())))
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)

/** A session that follows its agent and stores what it says. */
async function follow(target: AgentTarget, agentSessionId: string | null) {
  const sessionId = newId("ses")
  const userId = newId("usr")
  const email = `${userId}@example.org`
  await database("users").insert({ id: userId, issuer: "test", subject: userId, email, name: "A" })
  const row = { owner_id: userId, title: "t", visibility: "private", desired: "running", status: "running" }
  await database("sessions").insert({ id: sessionId, ...row, lease_epoch: 1 })
  const lease: Lease = { sessionId, holder: "one", epoch: 1n }
  const state = { ready: false }
  const connection = runtime.connect({
    target,
    title: "t",
    agentSessionId,
    signal: new AbortController().signal,
    sink: {
      agentSession: async () => {},
      changes: (changes) => transcripts.append(lease, changes),
      activity: async () => {},
      ownPrompts: async () => [],
      storedTexts: (ids) => transcripts.texts(sessionId, ids),
      ready: async () => void (state.ready = true),
      link: () => {},
    },
  })
  ends.push(async () => {
    connection.close()
    await connection.closed
  })
  const said = async () => JSON.stringify((await transcripts.list(sessionId, { limit: 100 })).items)
  return { state, connection, sessionId, said }
}

/** The most CPU time that this thread took between two turns of its loop, and the most memory that it had. */
function watchLoop(): () => { held_ms: number; heap_bytes: number } {
  const most = { held_ms: 0, heap_bytes: 0 }
  let before = process.threadCpuUsage()
  const timer = setInterval(() => {
    const { user, system } = process.threadCpuUsage(before)
    before = process.threadCpuUsage()
    most.held_ms = Math.max(most.held_ms, (user + system) / 1000)
    const { heapUsed, external } = process.memoryUsage()
    most.heap_bytes = Math.max(most.heap_bytes, heapUsed + external)
  }, 5)
  ends.push(() => clearInterval(timer))
  return () => most
}

test("three hostile agents at once keep no honest session from its answers, and take little of the process", async () => {
  const agent = await startAgent()
  ends.push(agent.stop)
  const honest = await follow(agent.target, null)
  const soon = async (what: string, condition: () => Promise<boolean>) =>
    await until(what, condition, { timeout_ms: 60_000, every_ms: 50 })
  await soon("the honest session", async () => honest.state.ready)
  const most = watchLoop()
  const hostile = await Promise.all(ATTACKS.map(hostileAgent))
  for (const target of hostile) await follow(target, ROOT_ID)
  await soon("the attacks", async () => (await counts(hostile)).every((count) => count > 10))
  const before = await counts(hostile)
  for (const answer of ["one", "two", "three", "four", "five", "six"]) {
    const part = { id: `prt_${answer}`, type: "text", text: `say: the answer is ${answer}` } as const
    await honest.connection.prompt({ agentMessageId: runtime.newMessageId(), parts: [part] })
    await soon(`answer ${answer}`, async () => (await honest.said()).includes(`"text":"the answer is ${answer}"`))
  }
  const { held_ms, heap_bytes } = most()
  // A hold may be 50 ms; a tick may cover several, and CI machines are slower. Quadratic code holds for seconds.
  expect(held_ms).toBeLessThan(500)
  expect(heap_bytes).toBeLessThan(400 * MIB)
  // All along: one that floods may be let go for some seconds, not all of them.
  expect(sum(await counts(hostile))).toBeGreaterThan(sum(before))
})
