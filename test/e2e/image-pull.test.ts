import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { ensureTools } from "../../dev/tools/index.ts"
import { repositoryRoot } from "../../scripts/lib/paths.ts"
import { createRun } from "../../scripts/lib/run.ts"
import { until } from "../../scripts/lib/wait.ts"
import { type Installation, openInstallation } from "./support/installation.ts"
import { deleteAndSeeItGone, hasAnswered, hasStatus } from "./support/session.ts"

// An upgrade of the release to an agent image that is nowhere, as an operator's typing error would be, and back.

const image = "registry.invalid/berth/data-plane:missing"
const release = "berth"

let installation: Installation
beforeAll(async () => {
  installation = await openInstallation()
})
let isUpgraded = false
afterAll(async () => {
  if (!isUpgraded) return
  const { controlPlane } = installation
  const before = (await controlPlane.ready()).map(({ name }) => name)
  await helm("rollback", release, "--wait")
  // As long as one of these is there it may start the next test's session, with the image that is nowhere.
  await controlPlane.areGone(before)
})

test("an image that cannot be pulled is named; sessions that run are not disturbed by the upgrade", async () => {
  const { client, kube, controlPlane } = installation
  const running = await client.create({ private: true, initialUserPrompt: "say: before the upgrade" })
  await hasAnswered(client, running.id, "before the upgrade")

  const before = (await controlPlane.ready()).map(({ name }) => name)
  const value = `controlPlane.deployment.dataPlaneImage=${image}`
  isUpgraded = true
  await helm("upgrade", release, join(repositoryRoot, "chart"), "--reuse-values", "--set", value, "--wait")
  await controlPlane.areGone(before)

  await client.prompt(running.id, "say: after the upgrade")
  await hasAnswered(client, running.id, "after the upgrade")

  const { id } = await client.create({ private: true })
  const { reason, steps } = await hasStatus(client, id, "failed")
  expect(reason?.code).toBe("image_pull")
  expect(reason?.message).toContain(image)
  expect(reason?.hint).not.toBe("")
  expect(steps.find(({ state }) => state === "failed")?.detail).toContain(image)
  const pods = () => kube.list("pods", `berth.dev/session=${id}`)
  await until("the failed session's pod being gone", async () => (await pods()).length === 0, { timeout_ms: 120_000 })
  await deleteAndSeeItGone(installation, id)
  await deleteAndSeeItGone(installation, running.id)
})

async function helm(...args: string[]): Promise<void> {
  const tools = await ensureTools(["helm"])
  const env = { KUBECONFIG: installation.kubeconfig }
  await createRun(() => {})(tools.helm, [...args, "--namespace", installation.namespace, "--timeout", "8m"], { env })
}
