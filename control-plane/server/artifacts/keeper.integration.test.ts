import { Readable } from "node:stream"
import { text } from "node:stream/consumers"
import { pino } from "pino"
import { beforeEach, expect, it } from "vitest"
import { testDatabase } from "../../../test/support/postgres.ts"
import { newId } from "../crypto/index.ts"
import { systemClock } from "../time/index.ts"
import { createArtifactKeeper } from "./keeper.ts"
import type { KeptSession } from "./types.ts"

const { database } = await testDatabase()
const keeper = createArtifactKeeper({
  database,
  transcripts: { list: async () => ({ items: [], nextCursor: null, lastSeq: 0 }) },
  bucket: { put: async () => undefined, get: async () => Readable.from([Buffer.from("first")]) },
  clock: systemClock,
  log: pino({ level: "silent" }),
})
let session: KeptSession
const lease = () => ({ sessionId: session.id, holder: "test", epoch: 1n })

beforeEach(async () => {
  const ownerId = newId("usr")
  await database("users").insert({
    id: ownerId,
    issuer: "test",
    subject: ownerId,
    email: "a@example.com",
    name: "A",
    role: "member",
  })
  session = {
    id: newId("ses"),
    ownerId,
    visibility: "public",
    title: "T",
    repository: null,
    generation: 1,
    createdAt: 0,
  }
  await database("sessions").insert({
    id: session.id,
    owner_id: ownerId,
    title: "T",
    visibility: "public",
    desired: "stopped",
    status: "stopping",
    lease_epoch: 1,
  })
})

it("lets those read who may at the moment of keeping, not those who might when the driver looked", async () => {
  await database("sessions").where({ id: session.id }).update({ visibility: "private" })
  await keeper.keep(lease(), session, "deleted")
  expect(await keeper.find(session.id)).toMatchObject({ visibility: "private" })
})

it("gives out what is listed, also while the agent's answer to the next stop waits", async () => {
  await keeper.keepPatch(lease(), session, { text: "first" })
  await keeper.keep(lease(), session, "stopped")
  await keeper.keepPatch(lease(), { ...session, generation: 3 }, { text: "of the second stop" })
  const listed = (await keeper.find(session.id))?.files.find(({ name }) => name === "workspace.patch")
  const content = await keeper.read(session.id, "workspace.patch")
  expect(await text(content ?? Readable.from([]))).toHaveLength(listed?.bytes ?? -1)
})
