import { beforeAll, describe, expect, test } from "vitest"
import { until } from "../../scripts/lib/wait.ts"
import { type Installation, openInstallation } from "./support/installation.ts"
import { deleteAndSeeItGone, hasAnswered, hasStatus, turn_timeout_ms } from "./support/session.ts"

let installation: Installation
beforeAll(async () => {
  installation = await openInstallation()
  await installation.controlPlane.waitFor(2)
})

describe("a session that cannot be", () => {
  test("a repository that is not there fails with git's words, and nothing of it stays after the delete", async () => {
    const { client, repository } = installation
    const missing = repository.replace(/[^/]+$/, "no-such-repository.git")
    const { id } = await client.create({ repository: { url: missing }, private: true })
    const { reason, steps } = await hasStatus(client, id, "failed")
    expect(reason?.code).toBe("clone_not_found")
    expect(reason?.message).toContain("no-such-repository")
    expect(reason?.hint).not.toBe("")
    expect(steps.find(({ name }) => name === "workspace")?.state).toBe("failed")
    await holdsNoPod(id)
    await deleteAndSeeItGone(installation, id)
  })

  test("a branch that is not there is named", async () => {
    const { client, repository } = installation
    const { id } = await client.create({ repository: { url: repository, ref: "no-such-branch" }, private: true })
    const { reason } = await hasStatus(client, id, "failed")
    expect(reason?.message).toContain("no-such-branch")
    await deleteAndSeeItGone(installation, id)
  })

  test("a full quota is told in the cluster's words; with room again, a start is enough", async () => {
    const { client, kube } = installation
    const namespace = await sessionNamespace()
    const name = "e2e-full"
    const metadata = { name, namespace }
    await kube.apply({ apiVersion: "v1", kind: "ResourceQuota", metadata, spec: { hard: { pods: "0" } } })
    try {
      await until("the quota counting", () => isCounted(namespace, name), { timeout_ms: 120_000 })
      const { id } = await client.create({ private: true, initialUserPrompt: "say: room again" })
      const { reason } = await hasStatus(client, id, "failed")
      expect(reason?.code).toBe("quota")
      expect(reason?.message).toContain(name)
      expect(reason?.hint).not.toBe("")
      await kube.kubectl(["-n", namespace, "delete", "resourcequota", name])
      await client.start(id)
      await hasAnswered(client, id, "room again")
      await deleteAndSeeItGone(installation, id)
    } finally {
      await kube.kubectl(["-n", namespace, "delete", "resourcequota", name, "--ignore-not-found"])
    }
  })

  test("a provider that refuses is told in its words, and the session goes on", async () => {
    const { client } = installation
    const { id } = await client.create({ private: true, initialUserPrompt: "status: 401 that key was revoked" })
    const message = await until(
      "the refused message",
      async () => (await client.messages(id)).items.find(({ body }) => body.error !== undefined),
      { timeout_ms: turn_timeout_ms },
    )
    expect(message.body.error?.message).toContain("that key was revoked")
    await client.prompt(id, "say: all is well again")
    await hasAnswered(client, id, "all is well again")
    await deleteAndSeeItGone(installation, id)
  })
})

/** Where session pods run: the release's own namespace where it has their account, as other releases have theirs. */
async function sessionNamespace(): Promise<string> {
  const { kube, namespace } = installation
  const accounts = await kube.list("serviceaccounts", "app.kubernetes.io/component=session")
  const namespaces = accounts.flatMap(({ metadata }) => metadata?.namespace ?? [])
  return namespaces.includes(namespace) ? namespace : (namespaces[0] ?? namespace)
}

async function isCounted(namespace: string, name: string): Promise<boolean> {
  const text = await installation.kube.kubectl(["-n", namespace, "get", "resourcequota", name, "-o", "json"])
  return (JSON.parse(text) as { status?: { hard?: { pods?: string } } }).status?.hard?.pods === "0"
}

/** A failed session costs nothing: no pod of it runs. */
async function holdsNoPod(id: string): Promise<void> {
  const pods = () => installation.kube.list("pods", `berth.dev/session=${id}`)
  await until("the failed session's pod being gone", async () => (await pods()).length === 0, { timeout_ms: 120_000 })
}
