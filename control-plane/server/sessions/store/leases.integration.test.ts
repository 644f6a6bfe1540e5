import { beforeEach, describe, expect, it, vi } from "vitest"
import { testDatabase } from "../../../../test/support/postgres.ts"
import type { Lease } from "../../leases/types.ts"
import { deleteFenced, loadFenced, patchFenced, settle, wishFenced } from "./driver-writes.ts"
import { claimLeases, claimNamedLeases, endLeftovers, releaseLease, renewLeases } from "./leases.ts"
import { findSession, insertSession, wish } from "./sessions.ts"

const { database, openPool } = await testDatabase()
const stale = { code: "stale_lease" }

async function makeSessions(count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, index) => `ses_${index}`)
  for (const id of ids) {
    await insertSession(database, {
      id,
      ownerId: "usr_1",
      title: "x",
      visibility: "private",
      repository: null,
      profile: null,
      binding: null,
      environmentFiles: [],
      environmentSealed: null,
      tags: {},
      steps: [],
      idempotency: null,
    })
  }
  return ids
}

const expire = (lease: Lease) =>
  database.raw("UPDATE sessions SET lease_expires_at = now() - interval '1 s' WHERE id = ?", [lease.sessionId])

async function claimOne(holder = "a"): Promise<Lease> {
  const [lease] = await claimLeases(database, holder, 1)
  if (lease === undefined) throw new Error("nothing to claim")
  return lease
}

/** Until a statement waits for the lock of a row. */
async function someoneWaits(): Promise<void> {
  await vi.waitFor(async () => {
    const { rows } = await openPool(1).raw(
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    )
    expect(rows).toHaveLength(1)
  })
}

beforeEach(async () => {
  await database.raw("TRUNCATE users CASCADE")
  await database.raw("INSERT INTO users (id, issuer, subject, email, name) VALUES ('usr_1', 'i', 's', 'e', 'n')")
})

describe("leases", () => {
  it("are held by one of many that reach for them at once", async () => {
    await makeSessions(20)
    const pools = Array.from({ length: 5 }, () => openPool(2))
    const taken = await Promise.all(pools.map((pool, index) => claimLeases(pool, `replica-${index}`, 20)))
    const ids = taken.flat().map((lease) => lease.sessionId)
    expect(ids.length).toBe(20)
    expect(new Set(ids).size).toBe(20)
  })

  it("are not taken from a living holder, by name neither", async () => {
    const [id = ""] = await makeSessions(1)
    await claimOne("a")
    expect(await claimLeases(database, "b", 10)).toEqual([])
    expect(await claimNamedLeases(database, "b", [id])).toEqual([])
  })

  it("end the rights of the last holder once another one has taken over", async () => {
    await makeSessions(1)
    const old = await claimOne("a")
    await expire(old)
    const fresh = await claimOne("b")
    expect(fresh.epoch).toBeGreaterThan(old.epoch)
    await expect(loadFenced(database, old)).rejects.toMatchObject(stale)
    await expect(patchFenced(database, old, { status: "failed" })).rejects.toMatchObject(stale)
    await expect(settle(database, old, 1)).rejects.toMatchObject(stale)
    await expect(deleteFenced(database, old, async () => {})).rejects.toMatchObject(stale)
    const reason = { code: "idle", message: "", hint: "" }
    const to = { desired: "stopped", status: "stopping", reason } as const
    await expect(wishFenced(database, old, { generation: 1, lastActiveAt: Date.now() }, to)).rejects.toMatchObject(
      stale,
    )
    expect(await renewLeases(database, [old], 3_000)).toEqual(new Set())
    expect(await findSession(database, old.sessionId)).toMatchObject({ status: "creating", desired: "running" })
    await patchFenced(database, fresh, { status: "starting" })
  })

  it("are prolonged together, and only those that still hold", async () => {
    await makeSessions(3)
    const leases = await claimLeases(database, "a", 3)
    const [lost, ...kept] = leases
    if (lost === undefined) throw new Error("no lease")
    await expire(lost)
    await claimOne("b")
    expect(await renewLeases(database, leases, 3_000)).toEqual(new Set(kept.map((lease) => lease.sessionId)))
  })

  it("can be taken right after they were given back, and the giver can write no more", async () => {
    await makeSessions(1)
    const lease = await claimOne("a")
    await releaseLease(database, lease, true)
    await expect(patchFenced(database, lease, { status: "failed" })).rejects.toMatchObject(stale)
    await claimOne("b")
  })

  it("of a pod's earlier process end when the pod's next process starts, and nobody else's", async () => {
    await makeSessions(3)
    const [mine] = await claimLeases(database, "berth-abc-111111", 1)
    const [other] = await claimLeases(database, "berth-abc-xyz-222222", 1)
    const [ours] = await claimLeases(database, "berth-abc-333333", 1)
    if (mine === undefined || other === undefined || ours === undefined) throw new Error("no lease")
    await endLeftovers(database, "berth-abc-333333")
    await expect(loadFenced(database, mine)).rejects.toMatchObject(stale)
    await loadFenced(database, other)
    await loadFenced(database, ours)
    expect((await claimLeases(database, "berth-abc-333333", 9)).map((lease) => lease.sessionId)).toEqual([
      mine.sessionId,
    ])
  })

  it("are for sessions with something to drive", async () => {
    const [id = ""] = await makeSessions(1)
    const first = await claimOne()
    await patchFenced(database, first, { status: "failed", failedGeneration: 1 })
    expect(await settle(database, first, 1)).toBe(true)
    await releaseLease(database, first, false)
    expect(await claimLeases(database, "a", 10)).toEqual([])

    await wish(database, id, { desired: "running", status: "starting" })
    const second = await claimOne()
    expect(await loadFenced(database, second)).toMatchObject({ generation: 2, failedGeneration: 1 })
  })

  it("are not settled over a newer wish", async () => {
    const [id = ""] = await makeSessions(1)
    const lease = await claimOne()
    await wish(database, id, { desired: "stopped", status: "stopping" })
    expect(await settle(database, lease, 1)).toBe(false)
    expect(await settle(database, lease, 2)).toBe(true)
  })

  it("let a person's wish win over the driver's own", async () => {
    const [id = ""] = await makeSessions(1)
    const lease = await claimOne()
    const reason = { code: "idle", message: "", hint: "" }
    const stop = { desired: "stopped", status: "stopping", reason } as const
    await wish(database, id, { desired: "running", status: "starting" })
    const { lastActiveAt } = await loadFenced(database, lease)
    expect(await wishFenced(database, lease, { generation: 1, lastActiveAt }, stop)).toBe(false)
    expect(await findSession(database, id)).toMatchObject({ desired: "running", generation: 2 })
    expect(await wishFenced(database, lease, { generation: 2, lastActiveAt }, stop)).toBe(true)
    expect(await findSession(database, id)).toMatchObject({ desired: "stopped", generation: 3 })
  })

  it("let a prompt win over the driver's own wish, also one that commits while that is made", async () => {
    const [id = ""] = await makeSessions(1)
    const lease = await claimOne()
    const stop = {
      desired: "stopped",
      status: "stopping",
      reason: { code: "idle", message: "", hint: "" },
    } as const
    await database.raw("UPDATE sessions SET last_active_at = now() - interval '1 hour'")
    const seen = await loadFenced(database, lease)
    const prompt = { session_id: id, id: "msg_1", position: 1, role: "user", delivery: "queued" }
    const stopped = await database.transaction(async (transaction) => {
      await transaction("sessions").where({ id }).update({ last_active_at: transaction.fn.now() })
      await transaction("messages").insert(prompt)
      const asked = wishFenced(openPool(1), lease, seen, stop)
      await someoneWaits()
      return { asked }
    })
    expect(await stopped.asked).toBe(false)
    await database.raw("UPDATE sessions SET last_active_at = now() - interval '1 hour'")
    expect(await wishFenced(database, lease, await loadFenced(database, lease), stop)).toBe(false)
    await database("messages").where({ id: "msg_1" }).update({ delivery: "sent" })
    expect(await wishFenced(database, lease, await loadFenced(database, lease), stop)).toBe(true)
  })

  it("do not bring back what is to be deleted", async () => {
    const [id = ""] = await makeSessions(1)
    expect(await wish(database, id, { desired: "deleted", status: "deleting" })).toBe(true)
    expect(await wish(database, id, { desired: "running", status: "starting" })).toBe(false)
    expect(await findSession(database, id)).toMatchObject({ desired: "deleted" })
  })
})
