import { describe, expect, it, vi } from "vitest"
import { inOrder } from "../../../../test/support/in-order.ts"
import { allGone, patience, podOf, until } from "../../../../test/support/sessions/helpers.ts"
import { type Replica, testWorld } from "../../../../test/support/sessions/world.ts"
import type { Change } from "../../transcripts/types.ts"
import type { Principal } from "../index.ts"

const world = testWorld()
inOrder()

async function running(replica: Replica, user: Principal): Promise<{ id: string; uid: string }> {
  const { session } = await replica.sessions.create(user, {})
  const { name, uid } = await podOf(world, session.id)
  await world.kubelet.run(name)
  await until(replica.sessions, user, session.id, { status: "running" })
  return { id: session.id, uid }
}

function answer(id: string, text: string): Change[] {
  const createdAt = Date.now()
  const message = { id, role: "assistant", agentSessionId: null, authorId: null, delivery: null } as const
  const part = { id: `prt_${id}`, type: "text", body: { text, startedAt: createdAt, endedAt: createdAt } } as const
  return [
    { type: "message.updated", message: { ...message, createdAt, completedAt: createdAt, body: {} } },
    { type: "part.updated", messageId: id, part },
  ]
}

/** As with a full disk: what is there can be changed, and nothing can be added. */
async function diskFull(work: () => Promise<void>): Promise<void> {
  const { database } = world.db
  await database.raw(`
    CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$`)
  for (const table of ["session_events", "parts", "messages"]) {
    await database.raw(`CREATE TRIGGER full_${table} BEFORE INSERT ON ${table} EXECUTE FUNCTION disk_full()`)
  }
  try {
    await work()
  } finally {
    await database.raw("DROP FUNCTION disk_full CASCADE")
  }
}

/** As after a failover: all connections are new, and lead to a server that only reads. */
async function readOnly(work: () => Promise<void>): Promise<void> {
  const { database } = world.db
  const [{ name }] = (await database.raw("SELECT current_database() AS name")).rows
  const others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ? AND pid <> pg_backend_pid()"
  await database.raw(`ALTER DATABASE "${name}" SET default_transaction_read_only = on`)
  await database.raw(others, [name])
  try {
    await work()
  } finally {
    await database.raw(`SET default_transaction_read_only = off`)
    await database.raw(`ALTER DATABASE "${name}" RESET default_transaction_read_only`)
    await database.raw(others, [name])
  }
}

describe("a database that takes no writes", () => {
  it.each([
    ["because its disk is full", diskFull],
    ["because it is a standby", readOnly],
  ])(
    "%s costs no agent its pod, makes no loop of connections, and loses nothing",
    { timeout: 240_000 },
    async (words, away) => {
      const wedged_ms = 1_000
      const replica = await world.replica({ wedged_ms, unfollowed_ms: 2 * wedged_ms })
      const { sessions } = replica
      const user = await world.user()
      const { id, uid } = await running(replica, user)
      const connections = world.agent.sinks.length
      const begun = Date.now()
      await away(async () => {
        await world.agent.say(...answer("msg_a1", "Said while nothing could be stored"))
        const reason = { code: "not_stored", message: expect.stringMatching(/disk is full/) }
        if (away === diskFull) await until(sessions, user, id, { status: "running", reason })
        // Many times as long as an agent may be silent.
        await vi.waitFor(() => expect(Date.now() - begun).toBeGreaterThan(12 * wedged_ms), patience)
      })
      // 250 ms, doubled to 10 s each time: no more than six of them in the first twelve seconds.
      expect(world.agent.sinks.length - connections, words).toBeLessThanOrEqual(8)
      expect((await podOf(world, id)).uid).toBe(uid)
      await vi.waitFor(async () => {
        const { items } = await sessions.messages(user, id, { limit: 10 })
        expect(items).toMatchObject([
          { id: "msg_a1", parts: [{ body: { text: "Said while nothing could be stored" } }] },
        ])
      }, patience)
      await until(sessions, user, id, { status: "running", reason: null })
      expect((await podOf(world, id)).uid).toBe(uid)
      world.agent.history = []
      await sessions.delete(user, id)
      await allGone(world)
      await replica.stop()
    },
  )

  it("for one thing that the agent said gets the rest, and says so once", async () => {
    const replica = await world.replica()
    const { sessions } = replica
    const user = await world.user()
    const { id, uid } = await running(replica, user)
    await world.agent.say(
      ...answer("msg_b1", "before"),
      ...answer("msg_b2", "a \0 in it"),
      ...answer("msg_b3", "after"),
    )
    const texts = async () => {
      const { items, notices = [] } = await sessions.messages(user, id, { limit: 10 })
      return [items.flatMap(({ parts }) => parts.map(({ body }) => body.text)), notices.map(({ code }) => code)]
    }
    await vi.waitFor(async () => expect(await texts()).toEqual([["before", "after"], ["not_stored"]]), patience)
    const connections = world.agent.sinks.length
    await replica.stop()
    const next = await world.replica()
    await vi.waitFor(() => expect(world.agent.sinks.length).toBe(connections + 1), patience)
    await world.agent.say(...answer("msg_b4", "last"))
    await vi.waitFor(async () => expect((await texts())[0]).toEqual(["before", "after", "last"]), patience)
    expect((await podOf(world, id)).uid).toBe(uid)
    world.agent.history = []
    await next.sessions.delete(user, id)
    await allGone(world)
    await next.stop()
  })
})
