import { pino } from "pino"
import { afterAll, expect, it, vi } from "vitest"
import { testDatabase } from "../../../../test/support/postgres.ts"
import { FakeAgent } from "../../../../test/support/sessions/fake-agent.ts"
import { createAudit } from "../../audit/index.ts"
import { createVault } from "../../credentials/index.ts"
import { newId, Secret } from "../../crypto/index.ts"
import { createNotifications } from "../../database/index.ts"
import { systemClock as clock } from "../../time/index.ts"
import { createTranscripts } from "../../transcripts/index.ts"
import type { Workloads } from "../../workloads/index.ts"
import { createWorkloadStore } from "../../workloads/store.ts"
import { createSessions, type Principal } from "../index.ts"
import { wish } from "../store/sessions.ts"

const { database, url, openPool } = await testDatabase()
const log = pino({ level: "silent" })
const notifications = createNotifications({ url, log, clock })
afterAll(() => notifications.close())
const vault = createVault({ keys: [{ id: "test", key: new Secret(Buffer.alloc(32, 7).toString("base64")) }] })
const sessions = createSessions({
  database,
  transcripts: createTranscripts({ database, notifications, clock, log }),
  runtime: new FakeAgent().runtime(),
  workloads: { store: createWorkloadStore({ database, vault, release: "berth" }) } as unknown as Workloads,
  vault,
  clock,
  notifications,
  config: { file: { sessions: { maxPerUser: 0, maxVolumesPerUser: 0, defaultVisibility: "private" } } },
  audit: createAudit({ database, log }),
  engine: { wake: () => undefined },
  choices: { check: async () => undefined, exposure: async () => ({ profile: null, binding: null, exposed: [] }) },
})

async function member(): Promise<Principal> {
  const userId = newId("usr")
  const email = `${userId}@example.com`
  await database("users").insert({ id: userId, issuer: "t", subject: userId, email, name: "T" })
  return { userId, email, name: "T", role: "member", method: "password", loginId: null }
}

it("a prompt that meets a stop is stored in a session that is to run", async () => {
  const user = await member()
  const { id } = (await sessions.create(user, {})).session
  const asked = await database.transaction(async (transaction) => {
    await wish(transaction, id, { desired: "stopped", status: "stopping" })
    const prompt = sessions.prompt(user, id, { text: "still here" })
    await vi.waitFor(async () => {
      const { rows } = await openPool(1).raw(
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      )
      expect(rows).toHaveLength(1)
    })
    return { prompt }
  })
  expect(await asked.prompt).toMatchObject({ delivery: "queued" })
  expect(await sessions.get(user, id)).toMatchObject({ desired: "running" })
})

it("a prompt that is refused leaves the session stopped", async () => {
  const user = await member()
  const { id } = (await sessions.create(user, { initialUserPrompt: "one" })).session
  const taken = (await sessions.messages(user, id, { limit: 1 })).items[0]?.id ?? ""
  await sessions.stop(user, id)
  const other = sessions.prompt(user, id, { text: "another text", id: taken })
  await expect(other).rejects.toMatchObject({ code: "idempotency_mismatch" })
  expect(await sessions.get(user, id)).toMatchObject({ desired: "stopped" })
})
