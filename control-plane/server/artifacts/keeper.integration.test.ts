import { Readable } from "node:stream"
import { text } from "node:stream/consumers"
import { pino } from "pino"
import { beforeEach, expect, it } from "vitest"
import { testDatabase } from "../../../test/support/postgres.ts"
import { newId } from "../crypto/index.ts"
import { createMetrics } from "../observability/index.ts"
import { systemClock } from "../time/index.ts"
import type { Message } from "../transcripts/types.ts"
import { createArtifactKeeper } from "./keeper.ts"
import type { KeptSession } from "./types.ts"

const { database } = await testDatabase()
let said: Message[] = []
const lines: string[] = []
const metrics = createMetrics({ runtimeFigures: false })
const keeper = createArtifactKeeper({
  database,
  transcripts: { list: async () => ({ items: said, nextCursor: null, lastSeq: 0 }) },
  bucket: { put: async () => undefined, get: async () => Readable.from([Buffer.from("first")]) },
  clock: systemClock,
  log: pino({}, { write: (line: string) => void lines.push(line) }),
  metrics,
  waiting_bytes_max: 1_000,
})
let session: KeptSession
const lease = () => ({ sessionId: session.id, holder: "test", epoch: 1n })

beforeEach(async () => {
  said = []
  lines.length = 0
  await database("artifact_files").delete()
  await addSession()
})

async function addSession(): Promise<void> {
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
}

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

const manifest = async () =>
  JSON.parse(await text((await keeper.read(session.id, "manifest.json")) ?? Readable.from(["null"])))
const figure = async (name: string) => (await metrics.getSingleMetricAsString(name)).split("\n").slice(2).join("\n")

it("leaves out what is too much for the database while the bucket is away, and says so", async () => {
  await keeper.keepPatch(lease(), session, { text: "x".repeat(900) })
  await keeper.keep(lease(), session, "stopped")
  const first = session
  await addSession()
  await keeper.keepPatch(lease(), session, { text: "y".repeat(200) })
  said = [{ id: "msg_1", parts: [], body: {} } as unknown as Message]
  await keeper.keep(lease(), session, "deleted")
  expect(await keeper.find(session.id)).toMatchObject({
    files: [{ name: "manifest.json" }],
    patchMissing: { why: "it was not kept: more than 1000 bytes waited for the object store" },
  })
  expect((await manifest()).missing).toMatchObject([{ name: "workspace.patch" }, { name: "transcript.ndjson" }])
  expect(lines.filter((line) => line.includes("too much waits"))).toHaveLength(2)
  expect(await figure("berth_artifacts_left_out_total")).toContain('{name="transcript.ndjson"} 1')
  expect(await figure("berth_artifacts_waiting_bytes")).toMatch(/ [1-9]\d{2,3}$/)
  expect((await keeper.find(first.id))?.files).toHaveLength(3)
})

it("keeps listing the transcript of an earlier stop when there is no room for the last one", async () => {
  said = [{ id: "msg_1", parts: [], body: {} } as unknown as Message]
  await keeper.keep(lease(), session, "stopped")
  const before = (await keeper.find(session.id))?.files.find(({ name }) => name === "transcript.ndjson")
  said = [{ id: "msg_1", parts: [], body: { finish: "x".repeat(1_000) } } as unknown as Message]
  await keeper.keep(lease(), { ...session, generation: 2 }, "stopped")
  expect((await keeper.find(session.id))?.files).toContainEqual(before)
  expect((await manifest()).missing).toMatchObject([{ name: "transcript.ndjson" }])
  said = []
  await keeper.keep(lease(), { ...session, generation: 3 }, "stopped")
  expect((await manifest()).missing).toEqual([])
})
