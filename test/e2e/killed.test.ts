import { afterEach, beforeAll, beforeEach, expect, test } from "vitest"
import { until } from "../../scripts/lib/wait.ts"
import { type EventLog, followEvents } from "../support/event-log.ts"
import type { ArmedKill } from "./support/control-plane.ts"
import { type Installation, openInstallation } from "./support/installation.ts"
import {
  deleteAndSeeItGone,
  hasAnswered,
  hasStatus,
  outputsOf,
  seeGone,
  textsOf,
  turn_timeout_ms,
} from "./support/session.ts"

// Both replicas are killed at once with SIGKILL; each story must still end as if nothing had happened.

let installation: Installation
let kill: ArmedKill
let log: EventLog | undefined
beforeAll(async () => {
  installation = await openInstallation()
})
beforeEach(async () => {
  await installation.controlPlane.waitFor(2)
  kill = await installation.controlPlane.armKill()
})
afterEach(async () => {
  await log?.close()
  log = undefined
})

const onePrompt = "bash: echo once >> count.txt && cat count.txt\nsay: answered after the kill"

test("after the row is written", async () => {
  const { client, repository } = installation
  const { id } = await client.create({ repository: { url: repository }, private: true, initialUserPrompt: onePrompt })
  kill.fire()
  await kill.recover()
  await endsRight(id)
})

test("after the StatefulSet is made", async () => {
  const { client, repository, kube } = installation
  const { id } = await client.create({ repository: { url: repository }, private: true, initialUserPrompt: onePrompt })
  await until("the StatefulSet", async () => (await kube.objectsOf(id)).workload, { timeout_ms: 120_000, every_ms: 20 })
  kill.fire()
  await kill.recover()
  await endsRight(id)
})

test("in mid-turn", async () => {
  const { client } = installation
  const { id } = await client.create({
    private: true,
    initialUserPrompt: `bash: echo once >> count.txt && cat count.txt\nslow: 100 80`,
  })
  log = followEvents(() => client, id)
  await log.waitFor("text that grows", (change) => change.type === "part.delta", turn_timeout_ms)
  kill.fire()
  await kill.recover()
  const messages = await hasAnswered(client, id, "word99")
  expect(messages.filter(({ role }) => role === "user")).toHaveLength(1)
  expect(outputsOf(messages, "bash").map((text) => text.trim())).toEqual(["once"])
  // The kill also cut the agent's request to its model, which goes through the control plane. The agent has asked again
  // by itself and says everything in a new text, behind what it had said until then.
  const texts = textsOf(messages.at(-1) ?? fail("no answer"))
  expect(texts.at(-1)?.trim().split(" ")).toEqual(Array.from({ length: 100 }, (_, index) => `word${index}`))
  expect(log.reconnects()).toBeGreaterThan(0)
  expect(log.faults).toEqual([])
  await deleteAndSeeItGone(installation, id)
})

test("in mid-stop", async () => {
  const { client, kube } = installation
  const { id } = await client.create({ private: true, initialUserPrompt: onePrompt })
  await hasAnswered(client, id, "answered after the kill")
  await client.stop(id)
  kill.fire()
  await kill.recover()
  await hasStatus(client, id, "stopped")
  expect(await kube.list("pods", `berth.dev/session=${id}`)).toEqual([])
  await client.start(id)
  await client.prompt(id, "bash: cat count.txt\nsay: still here")
  const messages = await hasAnswered(client, id, "still here")
  expect(outputsOf(messages, "bash").map((text) => text.trim())).toEqual(["once", "once"])
  await deleteAndSeeItGone(installation, id)
})

test("in mid-delete", async () => {
  const { client, kube } = installation
  const { id } = await client.create({ private: true })
  await hasStatus(client, id, "running")
  const objects = await kube.objectsOf(id)
  await client.remove(id)
  kill.fire()
  await kill.recover()
  await seeGone(installation, objects)
})

/** The first prompt was carried out once and the session can be deleted. */
async function endsRight(id: string): Promise<void> {
  const messages = await hasAnswered(installation.client, id, "answered after the kill")
  expect(messages.filter(({ role }) => role === "user")).toHaveLength(1)
  expect(outputsOf(messages, "bash").map((text) => text.trim())).toEqual(["once"])
  await deleteAndSeeItGone(installation, id)
}

function fail(words: string): never {
  throw new Error(words)
}
