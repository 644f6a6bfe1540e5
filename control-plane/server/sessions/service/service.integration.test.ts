import { createHash } from "node:crypto"
import { pino } from "pino"
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest"
import { testDatabase } from "../../../../test/support/postgres.ts"
import { FakeAgent } from "../../../../test/support/sessions/fake-agent.ts"
import { startStopwatch } from "../../../../test/support/stopwatch.ts"
import { createAudit } from "../../audit/index.ts"
import { createVault, type SessionChoices, sealedColumns } from "../../credentials/index.ts"
import { newId, Secret } from "../../crypto/index.ts"
import { createNotifications } from "../../database/index.ts"
import { AppError } from "../../errors/index.ts"
import type { Visibility } from "../../settings/types.ts"
import { systemClock } from "../../time/index.ts"
import { createTranscripts } from "../../transcripts/index.ts"
import type { Workloads } from "../../workloads/index.ts"
import { createWorkloadStore } from "../../workloads/store.ts"
import { createSessions, type Principal, type Sessions } from "../index.ts"

const { database, url } = await testDatabase()
const log = pino({ level: "silent" })
const clock = systemClock
const patience = { timeout: 60_000, interval: 20 }
const notifications = createNotifications({ url, log, clock })
const transcripts = createTranscripts({ database, notifications, clock, log })
const vault = createVault({ keys: [{ id: "test", key: new Secret(Buffer.alloc(32, 7).toString("base64")) }] })
const store = createWorkloadStore({ database, vault, release: "berth" })
const woken: string[] = []
afterAll(() => notifications.close())
beforeEach(() => void woken.splice(0))

const offered: SessionChoices = {
  check: async () => undefined,
  exposure: async () => ({ profile: null, binding: null, exposed: [] }),
}

function service(
  maxPerUser = 0,
  defaultVisibility: Visibility = "private",
  choices = offered,
  maxVolumesPerUser = 0,
): Sessions {
  return createSessions({
    database,
    transcripts,
    runtime: new FakeAgent().runtime(),
    workloads: { store, observe: () => ({ statefulSet: null, pod: null, remains: [] }) } as unknown as Workloads,
    vault,
    clock,
    notifications,
    config: { file: { sessions: { maxPerUser, maxVolumesPerUser, defaultVisibility } } },
    audit: createAudit({ database, log }),
    engine: { wake: (id) => void woken.push(id) },
    choices,
  })
}

async function user(role = "member", settings: object = {}): Promise<Principal> {
  const userId = newId("usr")
  const email = `${userId}@example.com`
  await database("users").insert({ id: userId, issuer: "t", subject: userId, email, name: "T", role, settings })
  return { userId, email, name: "T", role, method: "password", loginId: null }
}

const sessions = service()
const query = { tags: {}, limit: 50 }
const idsOf = ({ items }: { items: { id: string }[] }) => items.map((item) => item.id)

describe("making a session", () => {
  it("stores it with its workload and its first prompt, and wakes the engine at once", async () => {
    const owner = await user()
    const { session, created } = await sessions.create(owner, { initialUserPrompt: "Hi there", tags: { team: "a" } })
    expect(created).toBe(true)
    expect(woken[0]).toBe(session.id)
    expect(session).toMatchObject({
      title: "Hi there",
      visibility: "private",
      status: "creating",
      desired: "running",
      tags: { team: "a" },
      may: { write: true, manage: true, readFiles: true },
    })
    expect(await store.ofSession(session.id)).toMatchObject({ name: expect.stringMatching(/^berth-s-[0-9a-z]{10}$/) })
    expect((await sessions.messages(owner, session.id, { limit: 5 })).items).toMatchObject([{ delivery: "queued" }])
  })

  it("keeps what it chose of what the operator offers, and how its repository is cloned", async () => {
    const owner = await user()
    const binding = { type: "model_provider", runtime_auth_resolver: "r", provider: "m" } as const
    const { session } = await sessions.create(owner, {
      repository: { url: "https://git.example.com/team/app", depth: 3, submodules: true },
      profile: "p",
      binding,
      environmentFiles: ["database.env", "api.env"],
    })
    const expected = {
      repository: { url: "https://git.example.com/team/app", ref: null, depth: 3, submodules: true },
      profile: "p",
      binding: "model_provider",
      environmentFiles: ["database.env", "api.env"],
    }
    expect(session).toMatchObject(expected)
    expect(await sessions.get(owner, session.id)).toMatchObject(expected)
    const { rows } = await database.raw("SELECT binding FROM sessions WHERE id = ?", [session.id])
    expect(rows[0].binding).toEqual(binding)
    const plain = await sessions.create(owner, { repository: { url: "https://git.example.com/team/app" } })
    expect(plain.session).toMatchObject({
      repository: { ref: null, depth: null, submodules: false },
      binding: null,
      environmentFiles: [],
    })
  })

  it("is refused when it chooses what there is not, unless it was made with the same key before", async () => {
    const owner = await user()
    const input = { profile: "vertex" }
    const made = await sessions.create(owner, input, "k1")
    const refusing = service(0, "private", {
      ...offered,
      check: async ({ profile }) => {
        throw new AppError("invalid_request", `no ${profile}`)
      },
    })
    await expect(refusing.create(owner, input)).rejects.toThrow("no vertex")
    expect((await refusing.create(owner, input, "k1")).session.id).toBe(made.session.id)
    expect((await sessions.list(owner, query)).items).toHaveLength(1)
  })

  it("follows the user's setting where the request does not say who may see it", async () => {
    const owner = await user("member", { defaultVisibility: "public" })
    expect((await sessions.create(owner, {})).session.visibility).toBe("public")
    expect((await sessions.create(owner, { private: true })).session.visibility).toBe("private")
  })

  it("follows the installation's where the user's setting does not say it either", async () => {
    const open = service(0, "public")
    const nobody = await user()
    expect((await open.create(nobody, {})).session.visibility).toBe("public")
    expect((await open.create(nobody, { private: true })).session.visibility).toBe("private")
    const careful = await user("member", { defaultVisibility: "private" })
    expect((await open.create(careful, {})).session.visibility).toBe("private")
  })

  it("is one session for one key, however often and how many at once it is asked for", async () => {
    const owner = await user()
    const input = { title: "x", initialUserPrompt: "once", tags: { a: "1", b: "2" } }
    const again = { tags: { b: "2", a: "1" }, initialUserPrompt: "once", title: "x" }
    const made = await Promise.all(
      Array.from({ length: 8 }, (_, index) => sessions.create(owner, index % 2 === 0 ? input : again, "key-1")),
    )
    expect(new Set(made.map(({ session }) => session.id)).size).toBe(1)
    expect(made.filter(({ created }) => created)).toHaveLength(1)
    const { items } = await sessions.messages(owner, made[0]?.session.id ?? "", { limit: 5 })
    expect(items).toHaveLength(1)
    await expect(sessions.create(owner, { title: "y" }, "key-1")).rejects.toMatchObject({
      code: "idempotency_mismatch",
    })
    expect((await sessions.create(await user(), input, "key-1")).created).toBe(true)
  })

  it("knows a repeat by its secret values too, and stores nothing that they could be guessed from", async () => {
    const owner = await user()
    const environment = { PIN: "1234" }
    const { session } = await sessions.create(owner, { environment }, "key-1")
    expect((await sessions.create(owner, { environment }, "key-1")).session.id).toBe(session.id)
    const other = sessions.create(owner, { environment: { PIN: "1235" } }, "key-1")
    await expect(other).rejects.toMatchObject({ code: "idempotency_mismatch" })
    const row = await database("sessions").where({ id: session.id }).first("idempotency_hash")
    const guess = createHash("sha256").update('{"environment":{"PIN":"1234"}}').digest("hex")
    expect(row.idempotency_hash.toString("hex")).not.toBe(guess)
  })

  it("keeps to the number that one user may run, also when they are asked for at once", async () => {
    const limited = service(2)
    const owner = await user()
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => limited.create(owner, {})))
    expect(results.filter((one) => one.status === "fulfilled")).toHaveLength(2)
    const refused = results.find((one) => one.status === "rejected")
    expect(refused?.reason).toMatchObject({ code: "limit_reached", message: expect.stringContaining("At most 2") })
    const [first = "", second = ""] = idsOf(await limited.list(owner, query))
    await limited.stop(owner, first)
    const { session } = await limited.create(owner, {})
    await expect(limited.start(owner, first)).rejects.toMatchObject({ code: "limit_reached" })
    await expect(limited.prompt(owner, first, { text: "x" })).rejects.toMatchObject({ code: "limit_reached" })
    await limited.delete(owner, second)
    await limited.start(owner, first)
    expect((await limited.get(owner, session.id)).desired).toBe("running")
  })

  it("keeps to the number of volumes that one user may have: stopped sessions count, deleted ones do not", async () => {
    const limited = service(0, "private", offered, 2)
    const owner = await user()
    const results = await Promise.allSettled(Array.from({ length: 4 }, () => limited.create(owner, {})))
    expect(results.filter((one) => one.status === "fulfilled")).toHaveLength(2)
    const [first = ""] = idsOf(await limited.list(owner, query))
    await limited.stop(owner, first)
    const refused = { code: "limit_reached", message: expect.stringContaining("You have 2 sessions") }
    await expect(limited.create(owner, {})).rejects.toMatchObject(refused)
    await limited.start(owner, first)
    await limited.delete(owner, first)
    await limited.create(owner, {})
  })

  it("seals the environment for this session and owner, and never answers it", async () => {
    const owner = await user()
    const { session } = await sessions.create(owner, { environment: { API_KEY: "canary-7f3a" } })
    const row = await database("sessions").where({ id: session.id }).first("environment_sealed")
    const sealed = row?.environment_sealed as Buffer
    expect(sealed.includes("canary-7f3a")).toBe(false)
    const opened = vault.open(sealed, sealedColumns.sessionEnvironment(session.id, owner.userId)).reveal()
    expect(JSON.parse(opened)).toEqual({ API_KEY: "canary-7f3a" })
    expect(JSON.stringify(await sessions.get(owner, session.id))).not.toContain("canary-7f3a")
  })

  it("refuses a disabled account", async () => {
    const owner = await user()
    await database("users").where({ id: owner.userId }).update({ disabled_at: new Date() })
    await expect(sessions.create(owner, {})).rejects.toMatchObject({ code: "unauthenticated" })
  })
})

describe("wishes", () => {
  it("may be repeated without becoming new ones", async () => {
    const owner = await user()
    const { session } = await sessions.create(owner, {})
    await sessions.stop(owner, session.id)
    await sessions.stop(owner, session.id)
    await sessions.start(owner, session.id)
    await sessions.start(owner, session.id)
    const row = await database("sessions").where({ id: session.id }).first("generation", "desired", "pending")
    expect(row).toEqual({ generation: 3, desired: "running", pending: true })
    await sessions.delete(owner, session.id)
    await sessions.delete(owner, session.id)
    await expect(sessions.start(owner, session.id)).rejects.toMatchObject({ code: "not_found" })
    await expect(sessions.prompt(owner, session.id, { text: "x" })).rejects.toMatchObject({ code: "not_found" })
    expect(await sessions.get(owner, session.id)).toMatchObject({ status: "deleting" })
  })

  it("to say something start a session that is stopped or has failed", async () => {
    const owner = await user()
    const { session } = await sessions.create(owner, {})
    await sessions.stop(owner, session.id)
    await sessions.prompt(owner, session.id, { text: "Go on" })
    expect(await sessions.get(owner, session.id)).toMatchObject({ desired: "running", title: "Go on" })
    await database("sessions").where({ id: session.id }).update({ status: "failed", failed_generation: 3 })
    await sessions.prompt(owner, session.id, { text: "Again" })
    expect(await sessions.get(owner, session.id)).toMatchObject({ status: "starting", reason: null, title: "Go on" })
  })

  it("to stop a turn or to answer need a session that runs", async () => {
    const owner = await user()
    const { session } = await sessions.create(owner, {})
    await expect(sessions.abort(owner, session.id)).rejects.toMatchObject({ code: "session_not_running" })
    const reply = { reply: "once" } as const
    await expect(sessions.answer(owner, session.id, "per_1", reply)).rejects.toMatchObject({ code: "not_found" })
  })

  it("leave their trace in the audit log", async () => {
    const owner = await user()
    const { session } = await sessions.create(owner, {})
    await sessions.stop(owner, session.id)
    await sessions.delete(owner, session.id)
    const rows = await database("audit_events")
      .where({ session_id: session.id })
      .orderBy("id")
      .select("action", "actor_id")
    expect(rows).toEqual(
      ["session.create", "session.stop", "session.delete"].map((action) => ({ action, actor_id: owner.userId })),
    )
  })
})

describe("who sees what", () => {
  it("hides a private session from others in every method", async () => {
    const { session } = await sessions.create(await user(), { title: "secret plan" })
    const other = await user()
    const refused = { code: "not_found" }
    const { id } = session
    await expect(sessions.get(other, id)).rejects.toMatchObject(refused)
    await expect(sessions.update(other, id, { title: "x" })).rejects.toMatchObject(refused)
    await expect(sessions.start(other, id)).rejects.toMatchObject(refused)
    await expect(sessions.stop(other, id)).rejects.toMatchObject(refused)
    await expect(sessions.delete(other, id)).rejects.toMatchObject(refused)
    await expect(sessions.messages(other, id, { limit: 1 })).rejects.toMatchObject(refused)
    await expect(sessions.prompt(other, id, { text: "x" })).rejects.toMatchObject(refused)
    await expect(sessions.abort(other, id)).rejects.toMatchObject(refused)
    await expect(sessions.requests(other, id)).rejects.toMatchObject(refused)
    await expect(sessions.answer(other, id, "r", { reply: "once" })).rejects.toMatchObject(refused)
    const watching = sessions.watch(other, id, 0, new AbortController().signal)[Symbol.asyncIterator]()
    await expect(watching.next()).rejects.toMatchObject(refused)
    expect(idsOf(await sessions.list(other, { ...query, q: "secret" }))).not.toContain(id)
  })

  it("shows an administrator that a private session exists, and none of its words", async () => {
    const tags = { project: "atlas" }
    const repository = { url: "https://git.example.com/secret/plan" }
    const { session } = await sessions.create(await user(), { title: "secret plan", tags, repository })
    const admin = await user("admin")
    const seen = await sessions.get(admin, session.id)
    expect(JSON.stringify(seen)).not.toMatch(/secret|plan|atlas/)
    expect(seen).toMatchObject({ owner: session.owner, status: "creating", may: { write: false, readFiles: false } })
    expect(idsOf(await sessions.list(admin, query))).toContain(session.id)
    expect(idsOf(await sessions.list(admin, { ...query, q: "secret" }))).not.toContain(session.id)
    expect(idsOf(await sessions.list(admin, { ...query, tags }))).not.toContain(session.id)
    await expect(sessions.messages(admin, session.id, { limit: 1 })).rejects.toMatchObject({ code: "forbidden" })
  })

  it("lets everybody read a public session and nobody else write to it", async () => {
    const { session } = await sessions.create(await user(), { private: false, initialUserPrompt: "hello" })
    const other = await user()
    expect((await sessions.get(other, session.id)).may).toEqual({ write: false, manage: false, readFiles: false })
    expect((await sessions.messages(other, session.id, { limit: 5 })).items).toHaveLength(1)
    await expect(sessions.prompt(other, session.id, { text: "x" })).rejects.toMatchObject({ code: "forbidden" })
    await expect(sessions.delete(other, session.id)).rejects.toMatchObject({ code: "forbidden" })
  })
})

describe("the list", () => {
  it("goes page by page without gap or repeat, the newest first", async () => {
    const owner = await user()
    const made: string[] = []
    for (let index = 0; index < 7; index += 1) made.unshift((await sessions.create(owner, {})).session.id)
    const found: string[] = []
    let cursor: string | undefined
    do {
      const page = await sessions.list(owner, {
        ...query,
        owner: owner.userId,
        limit: 3,
        ...(cursor ? { cursor } : {}),
      })
      found.push(...idsOf(page))
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
    expect(found).toEqual(made)
    await expect(sessions.list(owner, { ...query, cursor: "bm9uc2Vuc2U" })).rejects.toMatchObject({
      code: "invalid_request",
    })
  })

  it("filters by state, visibility, tag and words, taking signs of patterns as they are", async () => {
    const owner = await user()
    const mine = { ...query, owner: owner.userId }
    const { session: a } = await sessions.create(owner, { title: "100% done", tags: { k: "v" } })
    const { session: b } = await sessions.create(owner, { title: "1000 done", private: false })
    await sessions.stop(owner, b.id)
    expect(idsOf(await sessions.list(owner, { ...mine, q: "0%" }))).toEqual([a.id])
    expect(idsOf(await sessions.list(owner, { ...mine, q: "DONE" }))).toEqual([b.id, a.id])
    expect(idsOf(await sessions.list(owner, { ...mine, tags: { k: "v" } }))).toEqual([a.id])
    expect(idsOf(await sessions.list(owner, { ...mine, visibility: "public" }))).toEqual([b.id])
    expect(idsOf(await sessions.list(owner, { ...mine, status: "stopping" }))).toEqual([b.id])
  })
})

describe("open streams", () => {
  it("end soon after the session is made private, on whichever replica", async () => {
    const owner = await user()
    const { session } = await sessions.create(owner, { private: false })
    const reader = await user()
    const elsewhere = service()
    const seen: string[] = []
    const reading = (async () => {
      for await (const batch of elsewhere.watch(reader, session.id, 0, new AbortController().signal)) {
        if (batch !== "reset") seen.push(...batch.map(({ change }) => change.type))
      }
    })()
    await sessions.update(owner, session.id, { title: "now" })
    await vi.waitFor(() => expect(seen).toContain("session.updated"), patience)
    const elapsed = startStopwatch()
    await sessions.update(owner, session.id, { visibility: "private" })
    await reading
    expect(elapsed()).toBeLessThan(5_000)
  })

  it("of the list tell what the caller may see, and that something is gone", async () => {
    const owner = await user()
    const reader = await user()
    const { session } = await sessions.create(owner, { private: false, title: "open" })
    const heard: string[] = []
    const stop = new AbortController()
    const reading = (async () => {
      for await (const change of sessions.watchAll(reader, stop.signal)) {
        if (change === null) heard.push("reset")
        else heard.push(change.type === "gone" ? `gone ${change.id}` : `${change.session.title}`)
      }
    })()
    await vi.waitFor(async () => {
      await sessions.update(owner, session.id, { title: "renamed" })
      expect(heard).toContain("renamed")
    }, patience)
    const { session: hidden } = await sessions.create(owner, { title: "hidden" })
    await sessions.update(owner, session.id, { visibility: "private" })
    await vi.waitFor(() => expect(heard.at(-1)).toBe(`gone ${session.id}`), patience)
    stop.abort()
    await reading
    expect(heard.join()).not.toContain("hidden")
    expect(heard.join()).not.toContain(hidden.id)
  })
})
