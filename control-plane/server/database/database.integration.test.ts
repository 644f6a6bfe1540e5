import { pino } from "pino"
import { describe, expect, it, vi } from "vitest"
import { halfOpenProxy } from "../../../test/support/half-open.ts"
import { testDatabase } from "../../../test/support/postgres.ts"
import { Secret } from "../crypto/index.ts"
import { isAppError } from "../errors/index.ts"
import { createLogger } from "../observability/index.ts"
import { systemClock } from "../time/index.ts"
import {
  createDatabase,
  createNotifications,
  translateDatabaseError,
  waitForDatabase,
  withElection,
  withTransaction,
} from "./index.ts"

const { database, url, openPool } = await testDatabase()
const log = pino({ level: "silent" })
const patience = { timeout: 60_000, interval: 20 }

describe("the database", () => {
  it("gives int8 as numbers and refuses those that no number holds", async () => {
    const { rows } = await database.raw("SELECT 9007199254740991::int8 AS most, count(*) AS counted FROM sessions")
    expect(rows).toEqual([{ most: Number.MAX_SAFE_INTEGER, counted: 0 }])
    await expect(database.raw("SELECT 9007199254740993::int8")).rejects.toThrow(/does not fit/)
  })

  it("says that it is unavailable when nobody listens at its address", async () => {
    const nobody = createDatabase({ url: new Secret("postgres://x@127.0.0.1:1/x"), poolMax: 1 })
    const failure = await withTransaction(nobody, async () => {}).catch((error: unknown) => error)
    expect(isAppError(failure, "unavailable")).toBe(true)
    await nobody.destroy()
  })

  it("is waited for while it is not there yet, and not when waiting cannot help", async () => {
    const clock = { now: () => now, sleep: async (delay_ms: number) => void (now += delay_ms) }
    let now = 0
    const nobody = createDatabase({ url: new Secret("postgres://x@127.0.0.1:1/x"), poolMax: 1 })
    await expect(waitForDatabase(nobody, { clock, log, limit_ms: 5_000 })).rejects.toThrow(/ECONNREFUSED/)
    expect(now).toBeGreaterThanOrEqual(5_000)
    await nobody.destroy()

    now = 0
    const stranger = createDatabase({ url: new Secret(url.reveal().replace("postgres@", "stranger@")), poolMax: 1 })
    await expect(waitForDatabase(stranger, { clock, log, limit_ms: 5_000 })).rejects.toThrow(/stranger/)
    expect(now).toBe(0)
    await stranger.destroy()
    await waitForDatabase(database, { clock, log, limit_ms: 5_000 })
  })

  it("gives up connections that go nowhere, all of them at once, and works on with new ones", async () => {
    const address = new URL(url.reveal())
    const proxy = await halfOpenProxy(Number(address.port))
    address.port = String(proxy.port)
    const pool = createDatabase({ url: new Secret(address.href), poolMax: 5, answer_ms: 1_000 })
    const together = () => Promise.all([1, 2, 3].map(() => pool.raw("SELECT pg_sleep(0.1)")))
    await together()
    expect(proxy.accepted).toBe(3)
    proxy.strand()

    const failure = await withTransaction(pool, (transaction) => transaction.raw("SELECT 1")).catch((error) => error)
    expect(isAppError(failure, "unavailable")).toBe(true)
    // None of the three is handed out again: with one of them this would fail too.
    await together()
    expect(proxy.accepted).toBe(6)
    const slow = await pool.raw("SELECT pg_sleep(30)").catch(translateDatabaseError)
    expect(isAppError(slow, "unavailable")).toBe(true)
    await pool.raw("SELECT pg_sleep(1.5)").options({ query_timeout: 60_000 })
    await pool.destroy()
    await proxy.close()
  })

  it("does not take a mistake of ours for an outage", async () => {
    const failure = await withTransaction(database, (trx) => trx.raw("SELECT nonsense")).catch(
      (error: unknown) => error,
    )
    expect(isAppError(failure)).toBe(false)
  })

  it("names a failed statement without the values that were bound to it", async () => {
    const canary = "canary-5f0c"
    const failures = await Promise.all(
      [
        database.raw("SELECT ?::text FROM nowhere", [canary]),
        database("sessions").where({ no_such_column: canary }).first(),
        database("users").insert({ id: canary, email: canary }),
      ].map((query) => query.then(() => null).catch((error: Error) => error)),
    )
    const lines: string[] = []
    const seen = createLogger({
      level: "debug",
      replica: "test",
      destination: { write: (line: string) => void lines.push(line) },
    })
    for (const error of failures) seen.error({ err: error }, "failed")
    expect(lines).toHaveLength(3)
    expect(lines.join("")).toMatch(/nowhere.*no_such_column.*users/s)
    expect(lines.join("")).not.toContain(canary)
  })

  it("elects one among all replicas, and another one once the first is done", async () => {
    const other = openPool(2)
    let inside: boolean | null = null
    const first = await withElection(database, "orphanSweep", async () => {
      inside = await withElection(other, "orphanSweep", async () => {})
    })
    expect([first, inside]).toEqual([true, false])
    expect(await withElection(other, "orphanSweep", async () => {})).toBe(true)
  })
})

describe("notifications", () => {
  it("arrive, and after a lost connection everybody is told that something may have been missed", async () => {
    const notifications = createNotifications({ url, log, clock: systemClock })
    const heard: (string | null)[] = []
    const unsubscribe = notifications.subscribe("berth_sessions", (payload) => heard.push(payload))
    await vi.waitFor(() => expect(heard).toEqual([null]), patience)
    await database.raw("SELECT pg_notify('berth_sessions', 'ses_1'), pg_notify('berth_events', 'ses_2')")
    await vi.waitFor(() => expect(heard).toEqual([null, "ses_1"]), patience)

    await database.raw(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'berth-notifications' AND datname = current_database()",
    )
    await vi.waitFor(() => expect(heard).toEqual([null, "ses_1", null]), patience)
    await database.raw("SELECT pg_notify('berth_sessions', 'ses_3')")
    await vi.waitFor(() => expect(heard.at(-1)).toBe("ses_3"), patience)

    unsubscribe()
    await database.raw("SELECT pg_notify('berth_sessions', 'ses_4')")
    await notifications.close()
    expect(heard).not.toContain("ses_4")
  })

  it("go on for the others when one listener throws", async () => {
    const notifications = createNotifications({ url, log, clock: systemClock })
    const heard: (string | null)[] = []
    notifications.subscribe("berth_events", () => {
      throw new Error("broken")
    })
    notifications.subscribe("berth_events", (payload) => heard.push(payload))
    await vi.waitFor(() => expect(heard).toEqual([null]), patience)
    await notifications.close()
  })

  it("are tried again and again while the database is away, and stop when told to", async () => {
    const slept: number[] = []
    const clock = { now: () => 0, sleep: async (delay_ms: number) => void slept.push(delay_ms) }
    const notifications = createNotifications({
      url: new Secret("postgres://x@127.0.0.1:1/x"),
      log,
      clock,
      random: () => 1,
    })
    await vi.waitFor(() => expect(slept.length).toBeGreaterThan(8), patience)
    await notifications.close()
    expect(slept.slice(0, 7)).toEqual([400, 800, 1600, 3200, 6400, 10_000, 10_000])
  })
})
