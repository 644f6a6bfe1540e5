import { randomUUID } from "node:crypto"
import { afterAll, beforeAll, expect, test } from "vitest"
import { type EventLog, followEvents } from "../support/event-log.ts"
import { type Installation, openInstallation } from "./support/installation.ts"
import { deleteAndSeeItGone, hasAnswered, hasStatus, outputsOf, turn_timeout_ms } from "./support/session.ts"

const gone_ms_max = 60_000

let installation: Installation
beforeAll(async () => {
  installation = await openInstallation()
  await installation.controlPlane.waitFor(2)
})

const logs: EventLog[] = []
afterAll(() => Promise.all(logs.map((log) => log.close())))

const firstPrompt = [
  "bash: echo kept > note.txt && cat note.txt",
  "write: plan.md :: # Plan",
  "edit: plan.md :: # Plan => # The plan",
  // The turn goes on until we have looked.
  "bash: until [ -e .git/seen ]; do sleep 0.2; done",
  "slow: 40 50",
].join("\n")

test("a session does its work, survives a stop with history and files, and leaves nothing behind", async () => {
  const { client, repository, kube } = installation
  const [one, other] = await installation.replicas()
  if (one === undefined || other === undefined) throw new Error("two replicas are needed")

  const { id } = await one.create({ repository: { url: repository }, private: true, initialUserPrompt: firstPrompt })
  const [here, there] = [one, other].map((replica) => followEvents(() => replica, id))
  if (here === undefined || there === undefined) throw new Error("unreachable")
  logs.push(here, there)

  // Live on both replicas, while the turn goes on.
  for (const log of [here, there]) {
    await log.waitFor("a shell command", isDone("bash"), turn_timeout_ms)
    await log.waitFor("an edit", isDone("edit"), turn_timeout_ms)
  }
  expect((await other.get(id)).activity).toBe("busy")
  await seen(id)
  const history = await hasAnswered(client, id, "word39")
  for (const log of [here, there]) {
    await log.waitFor("growing text", (change) => change.type === "part.delta", turn_timeout_ms)
  }
  expect(outputsOf(history, "bash").join()).toContain("kept")

  await client.stop(id)
  await hasStatus(client, id, "stopped")
  expect(await kube.list("pods", `berth.dev/session=${id}`)).toEqual([])
  expect((await client.messages(id)).items).toEqual(history)

  await client.start(id)
  await hasStatus(client, id, "running")
  expect((await client.messages(id)).items).toEqual(history)
  await client.prompt(id, "bash: cat note.txt plan.md && git status --short\nsay: second answer")
  const longer = await hasAnswered(client, id, "second answer")
  expect(longer.slice(0, history.length)).toEqual(history)
  const output = outputsOf(longer.slice(history.length), "bash").join()
  for (const words of ["kept", "# The plan", "?? note.txt"]) expect(output).toContain(words)

  expect(await deleteAndSeeItGone(installation, id)).toBeLessThan(gone_ms_max)
  for (const log of [here, there]) {
    await log.waitFor("the end of the session", (change) => change.type === "session.deleted", turn_timeout_ms)
  }
  // The same numbered events on both, without gap or repeat.
  expect(here.faults).toEqual([])
  expect(there.faults).toEqual([])
  expect(there.events).toEqual(here.events)
})

test("a session without a repository works too, and its creation can be repeated", async () => {
  const { client } = installation
  const [one, other] = await installation.replicas()
  const input = { private: true, initialUserPrompt: "bash: pwd\nsay: no repository" }
  const key = randomUUID()
  const sessions = await Promise.all([one ?? client, other ?? client].map((replica) => replica.create(input, key)))
  expect(new Set(sessions.map(({ id }) => id)).size).toBe(1)
  const id = sessions[0]?.id ?? ""
  await hasAnswered(client, id, "no repository")
  await deleteAndSeeItGone(installation, id)
})

test("session pods keep Pod Security restricted, which their namespace enforces", async () => {
  const { client, kube } = installation
  const { id } = await client.create({ private: true })
  await hasStatus(client, id, "running")
  const [pod] = await kube.list("pods", `berth.dev/session=${id}`)
  const text = await kube.kubectl(["get", "namespace", pod?.metadata?.namespace ?? "", "-o", "json"])
  const { metadata } = JSON.parse(text) as { metadata: { labels: Record<string, string> } }
  expect(metadata.labels["pod-security.kubernetes.io/enforce"]).toBe("restricted")
  await deleteAndSeeItGone(installation, id)
})

/** Lets the first turn end. */
async function seen(id: string): Promise<void> {
  const { kube } = installation
  const [pod] = await kube.list("pods", `berth.dev/session=${id}`)
  const { namespace = "", name = "" } = pod?.metadata ?? {}
  await kube.kubectl(["-n", namespace, "exec", name, "-c", "agent", "--", "touch", "/workspace/repo/.git/seen"])
}

function isDone(tool: string): Parameters<EventLog["waitFor"]>[1] {
  return (change) =>
    change.type === "part.updated" &&
    change.part.body.tool?.name === tool &&
    change.part.body.tool.status === "completed"
}
