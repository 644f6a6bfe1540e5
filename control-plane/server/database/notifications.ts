import pg from "pg"
import type { Logger } from "pino"
import type { Secret } from "../crypto/index.ts"
import type { Clock } from "../time/index.ts"
import { connectionSettings } from "./connection.ts"
import { CHANNELS, type Channel, type Notifications } from "./types.ts"

const BACKOFF_MIN_MS = 200
const BACKOFF_MAX_MS = 10_000

export interface NotificationsOptions {
  /** A direct address: LISTEN does not work through a transaction pooler. Undefined means the PG* environment. */
  readonly url: Secret | undefined
  readonly log: Logger
  readonly clock: Clock
  readonly random?: () => number
  /** How often a silent connection is asked whether it still lives. */
  readonly probe_ms?: number
}

type Listener = (payload: string | null) => void

/**
 * LISTEN on one connection of its own, opened at once and kept open until `close`.
 * Every (re)connect, the first one too, calls all listeners with null: something may have been missed before it.
 */
export function createNotifications(options: NotificationsOptions): Notifications {
  const listeners = new Map<Channel, Set<Listener>>(CHANNELS.map((channel) => [channel, new Set<Listener>()]))
  const stop = new AbortController()

  const deliver = (listener: Listener, payload: string | null) => {
    try {
      listener(payload)
    } catch (error) {
      options.log.error({ err: error }, "a listener for database notifications failed")
    }
  }
  const hooks: ConnectionHooks = {
    connected: () => {
      for (const set of listeners.values()) for (const listener of set) deliver(listener, null)
    },
    notified: (channel, payload) => {
      for (const listener of listeners.get(channel as Channel) ?? []) deliver(listener, payload)
    },
  }
  const running = keepConnected(options, hooks, stop.signal)

  return {
    subscribe(channel, listener) {
      // A function subscribed twice is two subscriptions.
      const own: Listener = (payload) => listener(payload)
      listeners.get(channel)?.add(own)
      return () => void listeners.get(channel)?.delete(own)
    },
    async close() {
      stop.abort(new Error("closed"))
      await running
    },
  }
}

interface ConnectionHooks {
  connected(): void
  notified(channel: string, payload: string): void
}

async function keepConnected(
  options: NotificationsOptions,
  hooks: ConnectionHooks,
  signal: AbortSignal,
): Promise<void> {
  const random = options.random ?? Math.random
  let backoff_ms = BACKOFF_MIN_MS
  while (!signal.aborted) {
    const connected = await oneConnection(options, hooks, signal)
    if (signal.aborted) return
    backoff_ms = connected ? BACKOFF_MIN_MS : Math.min(backoff_ms * 2, BACKOFF_MAX_MS)
    await options.clock.sleep(backoff_ms * (0.5 + random() / 2), signal).catch(() => undefined)
  }
}

/** Returns whether it had been connected once the connection is over. */
async function oneConnection(
  options: NotificationsOptions,
  hooks: ConnectionHooks,
  signal: AbortSignal,
): Promise<boolean> {
  const settings = await connectionSettings(options.url, "berth-notifications")
  if (signal.aborted) return false
  const client = new pg.Client({ ...settings, query_timeout: 5_000 })
  const over = Promise.withResolvers<unknown>()
  const end = (error?: unknown) => over.resolve(error)
  client.on("error", end)
  client.on("end", () => end())
  client.on("notification", (message) => hooks.notified(message.channel, message.payload ?? ""))
  signal.addEventListener("abort", end, { once: true })
  let connected = false
  const probing = new AbortController()
  try {
    await client.connect()
    for (const channel of CHANNELS) await client.query(`LISTEN ${channel}`)
    connected = true
    hooks.connected()
    void probe(client, options, probing.signal).catch(end)
    const error = await over.promise
    if (!signal.aborted) options.log.warn({ err: error }, "lost the connection for database notifications")
  } catch (error) {
    if (!signal.aborted) options.log.warn({ err: error }, "cannot listen for database notifications")
  } finally {
    probing.abort(new Error("over"))
    signal.removeEventListener("abort", end)
    // The end of a broken connection may never come; it is not waited for.
    void client.end().catch(() => undefined)
  }
  return connected
}

/** A half-open connection looks alive for hours; a question shows it. Rejects when the answer does not come. */
async function probe(client: pg.Client, options: NotificationsOptions, signal: AbortSignal): Promise<void> {
  const probe_ms = options.probe_ms ?? 15_000
  for (;;) {
    const aborted = await options.clock.sleep(probe_ms, signal).then(
      () => false,
      () => true,
    )
    if (aborted) return
    await client.query("SELECT 1")
  }
}
