import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { ensureBrokerCa, ensureSecrets } from "../../secrets-job/ensure.ts"
import type { Plan } from "../../secrets-job/plan.ts"
import { type ApiServer, startApiServer } from "../support/apiserver.ts"
import { render } from "./support/chart.ts"
import { mainHelm } from "./support/helms.ts"
import { at, type KubernetesObject } from "./support/objects.ts"
import { asJob, planOf } from "./support/secrets-job.ts"

const helm = await mainHelm()
const REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
let server: ApiServer
let plan: Plan

beforeAll(async () => {
  server = await startApiServer()
  const objects = await render(helm, { namespace: "berth", values: { sessionNamespace: { name: "sessions" } } })
  const access = objects.filter(({ kind }) => ["ServiceAccount", "Role", "RoleBinding"].includes(kind))
  const namespaces = ["berth", "sessions"].map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } }))
  const input = [...namespaces, ...access].map((object) => JSON.stringify(object)).join("\n---\n")
  await server.kubectl(["create", "-f", "-"], { input })
  plan = planOf(objects)
}, 300_000)

afterAll(() => server?.stop())

/** What an account may do in a namespace beyond what every account may, as lines `resource [names] verbs`. */
async function permissions(account: string, namespace: string): Promise<string[]> {
  const review = { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectRulesReview", spec: { namespace } }
  const groups = ["serviceaccounts", "serviceaccounts:berth", "authenticated"].map(
    (name) => `--as-group=system:${name}`,
  )
  const flags = [`--as=system:serviceaccount:berth:${account}`, ...groups, "--raw", REVIEWS, "-f", "-"]
  const answer: unknown = JSON.parse(await server.kubectl(["create", ...flags], { input: JSON.stringify(review) }))
  const rules = at(answer, "status.resourceRules") as {
    apiGroups: string[]
    resources: string[]
    resourceNames?: string[]
    verbs: string[]
  }[]
  const own = rules.filter(({ resources }) => !resources.some((name) => name.startsWith("selfsubject")))
  return own
    .map(({ apiGroups, resources, resourceNames, verbs }) => {
      const names = resourceNames ? ` [${resourceNames.toSorted().join(" ")}]` : ""
      return `${resources.map((name) => [name, ...apiGroups].filter(Boolean).join(".")).join(" ")}${names}: ${verbs.toSorted().join(" ")}`
    })
    .toSorted()
}

describe("what the chart's accounts may do, asked of a real API server", () => {
  test("the control plane has what it uses in the session namespace, and nothing in its own", async () => {
    expect(await permissions("berth", "sessions")).toEqual([
      "configmaps [berth-broker-ca]: get",
      "events: list",
      "persistentvolumeclaims: create delete get list patch watch",
      "pods: delete get list watch",
      "secrets: create patch",
      "statefulsets.apps: create delete get list patch watch",
    ])
    expect(await permissions("berth", "berth")).toEqual([])
    expect(await permissions("berth", "kube-system")).toEqual([])
  })

  test("the secrets Job may make Secrets and look only at its own", async () => {
    expect(await permissions("berth-secrets", "berth")).toEqual([
      "secrets [berth-admin berth-broker-tls berth-encryption berth-postgresql better-auth]: get patch",
      "secrets [berth-encryption-values berth-postgresql-values]: get",
      "secrets: create",
    ])
    expect(await permissions("berth-secrets", "sessions")).toEqual([
      "configmaps [berth-broker-ca]: get patch",
      "configmaps: create",
    ])
  })

  test("a session's account may do nothing", async () => {
    expect(await permissions("berth-session", "sessions")).toEqual([])
  })
})

describe("the secrets Job with these permissions", () => {
  const lines: string[] = []

  async function runJob(): Promise<void> {
    const deps = await asJob(server, "berth", (line) => lines.push(line))
    await ensureSecrets(plan, deps)
    await ensureBrokerCa(plan, deps)
  }

  const stored = async () => {
    const answer: unknown = JSON.parse(await server.kubectl(["get", "secrets", "-n", "berth", "-o", "json"]))
    const items = at(answer, "items") as KubernetesObject[]
    return Object.fromEntries(items.map(({ metadata, ...secret }) => [metadata.name, secret["data"]]))
  }

  test("makes what is missing, keeps what is there, and fills what was taken away", async () => {
    await runJob()
    const first = await stored()
    expect(Object.keys(first).sort()).toEqual([
      "berth-admin",
      "berth-broker-tls",
      "berth-encryption",
      "berth-postgresql",
      "better-auth",
    ])
    await runJob()
    expect(await stored()).toEqual(first)
    const remove = JSON.stringify([{ op: "remove", path: "/data/password" }])
    await server.kubectl(["patch", "secret", "berth-admin", "-n", "berth", "--type=json", "-p", remove])
    await runJob()
    const { "berth-admin": admin, ...others } = await stored()
    const { "berth-admin": before, ...same } = first
    expect(others).toEqual(same)
    expect(at(admin, "email")).toBe(at(before, "email"))
    expect(at(admin, "password")).not.toBe(at(before, "password"))
    expect(lines).toContain("[filled] Secret berth/berth-admin: password")
  })
})
