import { setTimeout as pause } from "node:timers/promises"
import type { Database } from "../../../control-plane/server/database/index.ts"
import { createCallers } from "./load.ts"
import { type Listeners, observerId, owner, signIn } from "./world.ts"

/** How long requests go on before a revocation, and after it. */
const around_ms = 400
/** A stream that has not ended by then will not be waited for. */
const stream_wait_ms = 15_000

/** What became of requests and streams of one kind of revocation, over all of its repetitions. */
export interface Revocation {
  readonly what: string
  readonly count: number
  /** Requests answered before the revocation, and sent after it had been answered. */
  readonly before: number
  readonly after: number
  /** Of those after it, the ones that were not refused as they have to be. */
  readonly accepted: number
  /** Event streams that were open, on both replicas, and the longest time until one of them ended. */
  readonly streams: number
  readonly slowest_ms: number
}

/** Something that is allowed until it is revoked. */
interface Allowed {
  readonly path: string
  readonly stream: string
  readonly headers: Readonly<Record<string, string>>
  /** How a request is answered afterwards. */
  readonly refusal: number
  revoke(): Promise<unknown>
  undo?(): Promise<void>
}

type Begin = (database: Database, listener: string) => Promise<Allowed>

const kinds: Readonly<Record<string, Begin>> = {
  async "a login is signed out"(database, listener) {
    const cookie = await signIn(database, owner.userId)
    const revoke = () => ask(listener, "POST", "/api/auth/logout", cookie)
    return { path: "/api/sessions", stream: "/api/events", headers: { cookie }, refusal: 401, revoke }
  },

  async "a user is disabled"(database) {
    const cookie = await signIn(database, owner.userId)
    const set = async (disabled_at: Date | null) =>
      void (await database("users").where({ id: owner.userId }).update({ disabled_at }))
    const [revoke, undo] = [() => set(new Date()), () => set(null)]
    return { path: "/api/sessions", stream: "/api/events", headers: { cookie }, refusal: 401, revoke, undo }
  },

  async "an API token is deleted"(database, listener) {
    const cookie = await signIn(database, owner.userId)
    const wanted = { name: "bench", scopes: ["sessions:read"], expiresAt: Date.now() + 3_600_000 }
    const { id, token } = (await ask(listener, "POST", "/api/tokens", cookie, wanted)) as { id: string; token: string }
    const headers = { authorization: `Bearer ${token}` }
    const revoke = () => ask(listener, "DELETE", `/api/tokens/${id}`, cookie)
    return { path: "/api/sessions", stream: "/api/events", headers, refusal: 401, revoke }
  },

  async "a public session becomes private"(database, listener) {
    const { path, stream, headers, cookie } = await publicSession(database)
    const revoke = () => ask(listener, "PATCH", path, cookie, { visibility: "private" })
    return { path, stream, headers, refusal: 404, revoke }
  },

  async "a session is deleted"(database, listener) {
    const { id, path, stream, headers, cookie } = await publicSession(database)
    const revoke = async () => {
      await ask(listener, "DELETE", path, cookie)
      // What the engine does when nothing is left in the cluster.
      await database("sessions").where({ id }).delete()
    }
    return { path, stream, headers, refusal: 404, revoke }
  },
}

/** Revokes in every way, several times, while both replicas are asked with what is revoked. */
export async function revokeAll(
  database: Database,
  replicas: readonly Listeners[],
  times: number,
  say: (text: string) => void,
): Promise<Revocation[]> {
  const all = replicas.map(({ authenticated }) => authenticated)
  const [first = ""] = all
  const done: Revocation[] = []
  for (const [what, begin] of Object.entries(kinds)) {
    let sum: Revocation = { what, count: 0, before: 0, after: 0, accepted: 0, streams: 0, slowest_ms: 0 }
    for (let index = 0; index < times; index += 1) sum = add(sum, await once(await begin(database, first), all))
    done.push(sum)
    say(`${what}: ${sum.accepted} of ${sum.after} passed afterwards, streams ended within ${sum.slowest_ms} ms`)
  }
  return done
}

async function once(allowed: Allowed, listeners: readonly string[]): Promise<Omit<Revocation, "what" | "count">> {
  const { path, stream, headers, refusal } = allowed
  const streams = await Promise.all(listeners.map((listener) => openStream(listener + stream, headers)))
  let revokedAt = Number.POSITIVE_INFINITY
  const isOver = () => performance.now() - revokedAt >= around_ms
  const asked = Promise.all(
    listeners.map(async (listener) => {
      const callers = createCallers(listener)
      const answers = await callers.load(path, headers, isOver)
      await callers.close()
      return answers
    }),
  )
  await pause(around_ms)
  await allowed.revoke()
  revokedAt = performance.now()
  const answers = (await asked).flat()
  const ends = await Promise.all(streams.map(({ ended }) => ended))
  await allowed.undo?.()
  const after = answers.filter(({ sent }) => sent >= revokedAt)
  return {
    before: answers.filter(({ sent, status }) => sent < revokedAt && status === 200).length,
    after: after.length,
    accepted: after.filter(({ status }) => status !== refusal).length,
    streams: streams.length,
    slowest_ms: Math.max(...ends.map((at) => Math.max(0, Math.round(at - revokedAt)))),
  }
}

/** An event stream that is read until it ends; `ended` is when. */
async function openStream(
  address: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ ended: Promise<number> }> {
  const limit = AbortSignal.timeout(stream_wait_ms)
  const response = await fetch(address, { headers, signal: limit })
  if (response.status !== 200) throw new Error(`a stream was answered with ${response.status}`)
  const over = () => performance.now()
  return { ended: response.text().then(over, over) }
}

let serial = 0
async function publicSession(database: Database) {
  serial += 1
  const id = `ses_public${serial}`
  const state = { visibility: "public", desired: "stopped", status: "stopped" }
  await database("sessions").insert({ id, owner_id: owner.userId, title: id, ...state })
  const path = `/api/sessions/${id}`
  const headers = { cookie: await signIn(database, observerId) }
  return { id, path, stream: `${path}/events`, headers, cookie: await signIn(database, owner.userId) }
}

/** A request as a page of our own makes it. @throws Error when it is refused */
async function ask(listener: string, method: string, path: string, cookie: string, json?: object): Promise<unknown> {
  const response = await fetch(listener + path, {
    method,
    headers: { cookie, origin: listener, ...(json ? { "content-type": "application/json" } : {}) },
    ...(json ? { body: JSON.stringify(json) } : {}),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path} was answered with ${response.status} ${text}`)
  return text === "" ? null : JSON.parse(text)
}

function add(sum: Revocation, one: Omit<Revocation, "what" | "count">): Revocation {
  return {
    what: sum.what,
    count: sum.count + 1,
    before: sum.before + one.before,
    after: sum.after + one.after,
    accepted: sum.accepted + one.accepted,
    streams: sum.streams + one.streams,
    slowest_ms: Math.max(sum.slowest_ms, one.slowest_ms),
  }
}
