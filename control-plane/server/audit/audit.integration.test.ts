import { afterEach, describe, expect, test } from "vitest"
import { testDatabase } from "../../../test/support/postgres.ts"
import { Secret } from "../crypto/index.ts"
import { createLogger, createRequestContext } from "../observability/index.ts"
import { createAudit, createAuditLog, createSealer, deriveAuditKeys, verifyAudit } from "./index.ts"
import type { AuditEvent } from "./types.ts"

const { database, openPool } = await testDatabase()
const log = createLogger({ level: "silent", replica: "test" })
const context = createRequestContext()
const audit = createAudit({ database, log, context })
const auditLog = createAuditLog({ database })
const ring = (id: string, byte: number) => ({ id, key: new Secret(Buffer.alloc(32, byte).toString("base64")) })
const keys = deriveAuditKeys([ring("a", 1)])
let now = Date.now()
const clock = { now: () => now, sleep: async () => undefined }
const sealer = createSealer({ database, keys, clock, log, retention_days: 30 })
const event = (more: Partial<AuditEvent> = {}): AuditEvent => ({
  actorId: "usr_1",
  actor: "a@b.c",
  action: "session.create",
  outcome: "ok",
  ...more,
})

afterEach(async () => {
  now = Date.now()
  await database.raw("ALTER TABLE audit_events DISABLE TRIGGER USER")
  await database.raw("TRUNCATE audit_events, audit_checkpoints")
  await database.raw("ALTER TABLE audit_events ENABLE TRIGGER USER")
})

/** What somebody with the database's own rights could do. */
async function withoutTriggers(sql: string): Promise<void> {
  await database.raw("ALTER TABLE audit_events DISABLE TRIGGER USER")
  await database.raw(sql)
  await database.raw("ALTER TABLE audit_events ENABLE TRIGGER USER")
}

describe("the record", () => {
  test("says which request an event came from", async () => {
    await context.run({ requestId: "req_1", address: "192.0.2.1" }, () =>
      audit.record(event({ facts: { b: 1, a: [2] } })),
    )
    const { items } = await auditLog.list({ limit: 10 })
    expect(items).toMatchObject([{ requestId: "req_1", address: "192.0.2.1", facts: { a: [2], b: 1 } }])
  })

  test("stores every event: what PostgreSQL does not take is written out, and is sealed like that", async () => {
    const facts = { host: "x\0", "k\ud800": ["\udc00", "\\u0000", "😀"] }
    await audit.record(event({ actor: "a\0", action: "b\ud800", actorId: "u\0", sessionId: "s\0", facts }))
    await context.run({ requestId: "r\0", address: "\0" }, () => audit.record(event({ facts })))
    const { items } = await auditLog.list({ limit: 10 })
    const stored = { host: "x\\u0000", "k\\ud800": ["\\udc00", "\\u0000", "😀"] }
    expect(items).toMatchObject([
      { requestId: "r\\u0000", address: "\\u0000", facts: stored },
      { actor: "a\\u0000", action: "b\\ud800", actorId: "u\\u0000", sessionId: "s\\u0000", facts: stored },
    ])
  })

  test("is filtered and read page by page, the newest first", async () => {
    for (let index = 0; index < 5; index += 1)
      await audit.record(event({ facts: { index }, sessionId: `ses_${index % 2}` }))
    await audit.record(event({ action: "login.create", outcome: "refused", actorId: null }))
    const first = await auditLog.list({ limit: 4 })
    expect(first.items).toHaveLength(4)
    const rest = await auditLog.list({ limit: 4, cursor: first.nextCursor ?? "" })
    expect([rest.items.length, rest.nextCursor]).toEqual([2, null])
    const count = async (filter: object) => (await auditLog.list({ limit: 50, ...filter })).items.length
    expect(await count({ action: "session." })).toBe(5)
    expect(await count({ action: "session.create", sessionId: "ses_0" })).toBe(3)
    expect(await count({ outcome: "refused" })).toBe(1)
    expect(await count({ actorId: "usr_1" })).toBe(5)
    expect(await count({ from: Date.now() + 60_000 })).toBe(0)
    expect(await count({ until: Date.now() + 60_000 })).toBe(6)
  })

  test("cannot be changed, shortened or emptied", async () => {
    await audit.record(event())
    await expect(database("audit_events").update({ actor: "nobody" })).rejects.toThrow("append-only")
    await expect(database("audit_events").delete()).rejects.toThrow("append-only")
    await expect(database.raw("TRUNCATE audit_events")).rejects.toThrow("append-only")
  })

  test("is written with the change it tells of, or not at all", async () => {
    await database
      .transaction(async (transaction) => {
        await audit.record(event(), transaction)
        throw new Error("the change failed")
      })
      .catch(() => undefined)
    expect((await auditLog.list({ limit: 1 })).items).toEqual([])
  })
})

describe("sealing", () => {
  const fill = async (count: number) => {
    for (let index = 0; index < count; index += 1) await audit.record(event({ facts: { index, z: { b: 1, a: 2 } } }))
  }
  const faults = async () => (await verifyAudit({ database, keys })).faults

  test("covers each event once, in checkpoints that follow each other", async () => {
    await fill(3)
    expect(await sealer.seal()).toBe(3)
    await fill(2)
    expect([await sealer.seal(), await sealer.seal()]).toEqual([2, 0])
    expect(await verifyAudit({ database, keys })).toEqual({ checkpoints: 2, events: 5, removed: 0, faults: [] })
  })

  test.each([
    [
      "an event is changed",
      "UPDATE audit_events SET actor = 'x' WHERE id = (SELECT min(id) FROM audit_events)",
      "changed",
    ],
    [
      "a fact is changed",
      "UPDATE audit_events SET facts = facts || '{\"index\": 9}' WHERE id = (SELECT max(id) FROM audit_events)",
      "changed",
    ],
    [
      "an event is taken out",
      "DELETE FROM audit_events WHERE id = (SELECT min(id) + 1 FROM audit_events)",
      "are there",
    ],
    [
      "an event is put in",
      "INSERT INTO audit_events (id, actor, action, outcome) OVERRIDING SYSTEM VALUE SELECT min(id) - 1, 'x', 'x', 'ok' FROM audit_events",
      "are there",
    ],
    ["a checkpoint is taken out", "DELETE FROM audit_checkpoints WHERE id = 1", "is missing"],
    ["a checkpoint's digest is changed", "UPDATE audit_checkpoints SET digest = sha256('x') WHERE id = 2", "not ours"],
    [
      "events are called removed that are not old",
      "UPDATE audit_checkpoints SET removed_at = now() WHERE id = 2",
      "while older ones are there",
    ],
  ])("is noticed when %s", async (_what, sql, words) => {
    await database.raw(
      "SELECT setval(pg_get_serial_sequence('audit_events', 'id'), nextval(pg_get_serial_sequence('audit_events', 'id')) + 5)",
    )
    await fill(3)
    await sealer.seal()
    await fill(3)
    await sealer.seal()
    expect(await faults()).toEqual([])
    await withoutTriggers(sql)
    expect((await faults()).join("\n")).toContain(words)
  })

  test("can be looked at: what is covered, under which digest, and what is not yet", async () => {
    expect(await auditLog.seal()).toEqual({ checkpoint: null, unsealed: { events: 0, oldestAt: null } })
    await fill(3)
    await sealer.seal()
    const { rows } = await database.raw("SELECT max(id) AS last FROM audit_events")
    const { checkpoint, unsealed } = await auditLog.seal()
    expect(checkpoint).toEqual({
      id: 1,
      lastId: rows[0].last,
      sealedAt: now,
      keyId: "a",
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(unsealed).toEqual({ events: 0, oldestAt: null })
    await fill(2)
    const [first] = await database("audit_events").where("id", ">", rows[0].last).orderBy("id").select("at")
    expect(await auditLog.seal()).toEqual({ checkpoint, unsealed: { events: 2, oldestAt: first.at.getTime() } })
    await sealer.seal()
    expect((await auditLog.seal()).checkpoint?.digest).not.toBe(checkpoint?.digest)
  })

  test("cannot be made anew by somebody without the key", async () => {
    await fill(2)
    const forger = createSealer({ database, keys: deriveAuditKeys([ring("a", 9)]), clock, log, retention_days: 30 })
    await forger.seal()
    expect(await faults()).toEqual(["checkpoint 1: the signature is not ours"])
  })

  test("goes on with a new key, while the old one stays in the ring", async () => {
    await fill(1)
    await sealer.seal()
    const rotated = deriveAuditKeys([ring("b", 2), ring("a", 1)])
    await fill(1)
    await createSealer({ database, keys: rotated, clock, log, retention_days: 30 }).seal()
    expect((await verifyAudit({ database, keys: rotated })).faults).toEqual([])
    expect((await verifyAudit({ database, keys: deriveAuditKeys([ring("b", 2)]) })).faults.join()).toContain('key "a"')
  })

  test("misses no event whose transaction was slow", async () => {
    const slow = await openPool(1).transaction()
    await audit.record(event({ action: "slow.event" }), slow)
    await fill(1)
    const refused = await sealer.seal().catch((error: unknown) => error)
    await slow.commit()
    expect(refused).toMatchObject({ code: "unavailable" })
    expect(await sealer.seal()).toBe(2)
    expect(await faults()).toEqual([])
  })

  test("by two replicas at the same time seals everything once", async () => {
    const other = createSealer({ database: openPool(), keys, clock, log, retention_days: 30 })
    await fill(6)
    const sealed = await Promise.all([sealer.seal(), other.seal(), sealer.seal(), other.seal()])
    expect(sealed.reduce<number>((sum, count) => sum + (count ?? 0), 0)).toBe(6)
    expect(await faults()).toEqual([])
  })
})

test("retention takes away whole checkpoints, and the chain begins after them", async () => {
  await audit.record(event())
  await sealer.seal()
  await withoutTriggers(
    "UPDATE audit_events SET at = now() - interval '40 days'; UPDATE audit_checkpoints SET sealed_at = now() - interval '40 days'",
  )
  await audit.record(event({ action: "young.event" }))
  await sealer.seal()
  await sealer.prune()
  expect((await auditLog.list({ limit: 10 })).items.map((item) => item.action)).toEqual(["young.event"])
  const found = await verifyAudit({ database, keys })
  expect(found).toMatchObject({ checkpoints: 2, events: 1, removed: 1 })
  await sealer.prune()
  expect((await auditLog.list({ limit: 10 })).items).toHaveLength(1)
})

test("a key may leave the ring when all that it has sealed is past retention", async () => {
  await audit.record(event())
  await sealer.seal()
  const rotated = deriveAuditKeys([ring("b", 2)])
  expect((await verifyAudit({ database, keys: rotated })).faults.join()).toContain('key "a"')
  now += 31 * 24 * 3_600_000
  await sealer.prune()
  // Nothing stands behind it yet.
  expect((await verifyAudit({ database, keys: rotated })).faults.join()).toContain('key "a"')
  await audit.record(event())
  await createSealer({ database, keys: rotated, clock, log, retention_days: 30 }).seal()
  expect(await verifyAudit({ database, keys: rotated })).toEqual({ checkpoints: 2, events: 1, removed: 1, faults: [] })
  // It still is the one that the next one follows.
  await database("audit_checkpoints")
    .where({ id: 1 })
    .update({ digest: Buffer.alloc(32, 9) })
  expect((await verifyAudit({ database, keys: rotated })).faults.join()).toContain("does not follow")
})
