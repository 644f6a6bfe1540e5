import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { type Dependencies, ensureSecrets } from "../../secrets-job/ensure.ts"
import { guardStores, REPLACE_ANNOTATION } from "../../secrets-job/stores.ts"
import { type ApiServer, startApiServer } from "../support/apiserver.ts"
import { render } from "./support/chart.ts"
import { customResourceDefinitions } from "./support/definitions.ts"
import { mainHelm } from "./support/helms.ts"
import { at, type KubernetesObject } from "./support/objects.ts"
import { asJob, planOf } from "./support/secrets-job.ts"

const helm = await mainHelm()
const NAMESPACE = "berth"
const STORE = { externalSecrets: { enabled: true, store: { name: "vault", path: "apps/berth" } } }
const GENERATOR = { externalSecrets: { enabled: true } }
const VALUES = {
  encryption: { keys: [Buffer.alloc(32, 1).toString("base64")] },
  postgresql: { auth: { password: "old" } },
}
let server: ApiServer
const lines: string[] = []

beforeAll(async () => {
  const [started, definitions] = await Promise.all([startApiServer(), customResourceDefinitions()])
  server = started
  const needed = definitions.filter(({ metadata }) => metadata.name.endsWith("external-secrets.io"))
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } }
  await server.kubectl(["create", "-f", "-"], { input: asText([...needed, namespace]) })
  await server.kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=30s"])
}, 300_000)

afterAll(() => server?.stop())

beforeEach(async () => {
  lines.length = 0
  const kinds = "secret,externalsecret,role,rolebinding,serviceaccount"
  await server.kubectl(["delete", kinds, "--all", "-n", NAMESPACE])
})

const asText = (objects: readonly object[]) => objects.map((object) => JSON.stringify(object)).join("\n---\n")

/** Runs the hook Job of an upgrade to these values: its own access first, then its program. */
async function runJob(values: object): Promise<void> {
  const objects = await render(helm, { namespace: NAMESPACE, values })
  const access = objects.filter(
    ({ kind, metadata }) =>
      ["ServiceAccount", "Role", "RoleBinding"].includes(kind) && metadata.name.startsWith("berth-secrets"),
  )
  await server.kubectl(["apply", "-f", "-"], { input: asText(access) })
  const deps: Dependencies = await asJob(server, NAMESPACE, (line) => lines.push(line))
  const plan = planOf(objects)
  await guardStores(plan, deps)
  await ensureSecrets(plan, deps)
}

async function refusalOf(values: object): Promise<string> {
  return runJob(values).then(
    () => "",
    (error: Error) => error.message,
  )
}

/** What External Secrets does: it fills the Secret that an ExternalSecret names. */
async function put(name: string, stringData: object, more: object = {}): Promise<void> {
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { name, namespace: NAMESPACE }, stringData, ...more }
  await server.kubectl(["apply", "-f", "-"], { input: JSON.stringify(secret) })
}

async function valuesOf(name: string): Promise<Record<string, string>> {
  const answer: unknown = JSON.parse(await server.kubectl(["get", "secret", name, "-n", NAMESPACE, "-o", "json"]))
  const data = Object.entries((at(answer, "data") ?? {}) as Record<string, string>)
  return Object.fromEntries(data.map(([key, value]) => [key, Buffer.from(value, "base64").toString()]))
}

/** The Secret that shows what the store holds for another one. */
const shown = (name: string) => `${name === "better-auth" ? "berth-better-auth" : name}-in-store`
const OWN = ["berth-admin", "berth-encryption", "berth-postgresql", "better-auth"]

describe("an installation whose secrets the Job made", () => {
  test("is not given a store's secrets in place of its own", async () => {
    await runJob({})
    const before = await Promise.all(OWN.map(valuesOf))
    await put("berth-encryption-in-store", { keys: Buffer.alloc(32, 9).toString("base64") })
    const words = await refusalOf(STORE)
    for (const name of OWN) {
      expect(words).toContain(`Secret berth/${name} is in use and the store does not hold its values: `)
      expect(words).toContain(`kubectl -n berth annotate secret ${name} ${REPLACE_ANNOTATION}=true`)
    }
    expect(words).toContain("keys (in the store: apps/berth/berth-encryption keys)")
    expect(await Promise.all(OWN.map(valuesOf))).toEqual(before)
    for (const value of before.flatMap((data) => Object.values(data)))
      expect(words + lines.join()).not.toContain(value.includes("@") ? "\0" : value)
  })

  test("takes a store that holds the same", async () => {
    await runJob({})
    for (const name of OWN) await put(shown(name), await valuesOf(name))
    await runJob(STORE)
    expect(lines.filter((line) => line.startsWith("[same]"))).toHaveLength(OWN.length)
  })

  test("takes a store for the Secrets whose annotation says that it is meant, and for no others", async () => {
    await runJob({})
    for (const name of OWN.filter((one) => one !== "better-auth"))
      await server.kubectl(["annotate", "secret", name, "-n", NAMESPACE, `${REPLACE_ANNOTATION}=true`])
    const words = await refusalOf(STORE)
    expect([...words.matchAll(/Secret berth\/(\S+) is in use/g)].map((match) => match[1])).toEqual(["better-auth"])
  })

  test("keeps its values under External Secrets' generator and after it", async () => {
    await runJob({})
    const before = await Promise.all(OWN.map(valuesOf))
    await runJob(GENERATOR)
    await runJob({})
    expect(await Promise.all(OWN.map(valuesOf))).toEqual(before)
  })
})

test("a new installation, and one that reads the store already, wait for nothing", async () => {
  await runJob(STORE)
  const objects = await render(helm, { namespace: NAMESPACE, values: STORE })
  const reading = objects.filter(
    ({ kind, metadata }) => kind === "ExternalSecret" && !metadata.annotations?.["helm.sh/hook"],
  )
  expect(reading).toHaveLength(OWN.length)
  await server.kubectl(["apply", "-f", "-"], { input: asText(reading) })
  for (const name of OWN)
    await put(name, { email: "e", keys: "k", password: "p", secret: "s", "postgres-password": "p" })
  await runJob(STORE)
  expect(lines.filter((line) => line.startsWith("[waits]"))).toEqual([])
})

test("the store's ExternalSecrets leave their Secrets behind, and the ones that show it to the Job do not", async () => {
  const objects = await render(helm, { namespace: NAMESPACE, values: STORE })
  const policies = (hook: boolean) =>
    objects
      .filter(
        ({ kind, metadata }) => kind === "ExternalSecret" && hook === "helm.sh/hook" in (metadata.annotations ?? {}),
      )
      .map((object) => [object.metadata.name, at(object, "spec.target.creationPolicy")])
  expect(policies(false)).toEqual(OWN.map((name) => [name === "better-auth" ? "berth-better-auth" : name, "Orphan"]))
  expect(policies(true)).toEqual(OWN.map((name) => [shown(name), "Owner"]))
  const spec = (name: string) =>
    at(
      objects.find(({ metadata }) => metadata.name === name),
      "spec.data",
    )
  expect(spec("berth-encryption-in-store")).toEqual(spec("berth-encryption"))
})

test("a generated, immutable Secret has to be put into the store and deleted first", async () => {
  await put("better-auth", { secret: "generated" }, { immutable: true })
  expect(await refusalOf(STORE)).toContain("Secret berth/better-auth is immutable: External Secrets generated it")
})

test("a Secret that would go with its ExternalSecret is not left to that", async () => {
  const objects = await render(helm, { namespace: NAMESPACE, values: STORE })
  const external = objects.find(
    ({ kind, metadata }) => kind === "ExternalSecret" && metadata.name === "berth-encryption",
  )
  const made = await server.kubectl(["create", "-o", "json", "-f", "-"], { input: JSON.stringify(external) })
  const { uid } = (JSON.parse(made) as KubernetesObject & { metadata: { uid: string } }).metadata
  const owner = { apiVersion: "external-secrets.io/v1", kind: "ExternalSecret", name: "berth-encryption", uid }
  const metadata = { name: "berth-encryption", namespace: NAMESPACE, ownerReferences: [owner] }
  await put("berth-encryption", { keys: "ring" }, { metadata })
  expect(await refusalOf({})).toContain(
    "Separate them first: kubectl -n berth patch externalsecret berth-encryption --type=merge",
  )
  expect(await valuesOf("berth-encryption")).toEqual({ keys: "ring" })
})

describe("an installation whose secrets stood in the values", () => {
  beforeEach(async () => {
    await put("berth-encryption-values", { keys: "the ring" })
    await put("berth-postgresql-values", { "postgres-password": "old", password: "old" })
  })

  test("keeps them when they are taken out of the values", async () => {
    await runJob(VALUES)
    await runJob({})
    expect(await valuesOf("berth-encryption")).toEqual({ keys: "the ring" })
    expect(await valuesOf("berth-postgresql")).toEqual({ "postgres-password": "old", password: "old" })
  })

  test("is not given older ones that are still there", async () => {
    await put("berth-encryption", { keys: "an older ring" })
    expect(await refusalOf({})).toContain("kubectl -n berth delete secret berth-encryption")
  })

  test("is not given a store's secrets in place of them", async () => {
    const words = await refusalOf(STORE)
    expect(words).toContain("Secret berth/berth-encryption-values is in use")
    expect(words).toContain("Secret berth/berth-postgresql-values is in use")
  })
})
