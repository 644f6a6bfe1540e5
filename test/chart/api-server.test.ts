import { spawn } from "node:child_process"
import { isDeepStrictEqual } from "node:util"
import { afterAll, beforeAll, expect, test } from "vitest"
import { ensureTools } from "../../dev/tools/index.ts"
import { type ApiServer, startApiServer } from "../support/apiserver.ts"
import { render, renderText, valuesFiles } from "./support/chart.ts"
import { customResourceDefinitions } from "./support/definitions.ts"
import { mainHelm } from "./support/helms.ts"
import { at, type KubernetesObject } from "./support/objects.ts"

const helm = await mainHelm()
const { kubectl } = await ensureTools(["kubectl"])
const NAMESPACES = ["release-ns", "berth-sessions", "agents", "agents-sessions"]
let server: ApiServer

beforeAll(async () => {
  const [started, definitions] = await Promise.all([startApiServer(), customResourceDefinitions()])
  server = started
  const namespaces = NAMESPACES.map((name) => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name,
      labels: {
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/warn": "restricted",
      },
    },
  }))
  // No controller makes them here.
  const accounts = NAMESPACES.map((namespace) => ({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "default", namespace },
  }))
  const input = [...definitions, ...namespaces, ...accounts].map((object) => JSON.stringify(object)).join("\n---\n")
  await server.kubectl(["create", "-f", "-"], { input })
  await server.kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=30s"])
}, 300_000)

afterAll(() => server?.stop())

/** Applies as Helm 4 does: on the server, every field known, nothing stored. Answers what was said on the side. */
function dryRun(manifests: string): Promise<{ status: number | null; objects: number; warnings: string }> {
  const flags = ["--server-side", "--force-conflicts", "--field-manager=helm", "--dry-run=server", "--validate=strict"]
  const child = spawn(kubectl, ["--kubeconfig", server.kubeconfig, "apply", ...flags, "-f", "-"])
  let stdout = ""
  let stderr = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text
  })
  child.stdin.end(manifests)
  return new Promise((resolve, reject) => {
    child.on("error", reject)
    child.on("close", (status) => resolve({ status, objects: stdout.trim().split("\n").length, warnings: stderr }))
  })
}

/** Where the server's answer differs from a list that was sent: Argo CD compares a list as one value. */
function changedLists(sent: unknown, answered: unknown, place: string): string[] {
  if (Array.isArray(sent)) return isDeepStrictEqual(sent, answered) ? [] : [place]
  if (typeof sent !== "object" || sent === null) return []
  return Object.entries(sent).flatMap(([key, child]) => changedLists(child, at(answered, key), `${place}.${key}`))
}

test.each(["httproute", "eso-store", "eso-generator", "istio", "everything"])(
  "a real API server fills nothing into the lists of other people's kinds: chart/ci/%s-values.yaml",
  async (file) => {
    const others = (await render(helm, { files: [file] })).filter(({ apiVersion }) => /\.(io|com)\//.test(apiVersion))
    const sent = others.filter(
      ({ apiVersion }) => !apiVersion.includes(".k8s.io/") || apiVersion.startsWith("gateway."),
    )
    expect(sent.length).toBeGreaterThan(0)
    const input = sent.map((object) => JSON.stringify(object)).join("\n---\n")
    const flags = ["--server-side", "--dry-run=server", "-o", "json", "-f", "-"]
    const answer: unknown = JSON.parse(await server.kubectl(["apply", ...flags], { input }))
    const answered = (at(answer, "items") ?? [answer]) as KubernetesObject[]
    expect(answered.length).toBe(sent.length)
    const changed = sent.flatMap((object, index) =>
      changedLists(object["spec"], answered[index]?.["spec"], `${object.kind}/${object.metadata.name} spec`),
    )
    expect(changed).toEqual([])
  },
)

/** Objects that the server has taken, as text: many values files make the same ones. */
const taken = new Set<string>()

test.each(valuesFiles)("a real API server takes all of chart/ci/%s-values.yaml, without a warning", async (file) => {
  const objects = (await render(helm, { files: [file] })).map((object) => JSON.stringify(object))
  const fresh = objects.filter((object) => !taken.has(object))
  const answer = await dryRun(fresh.join("\n---\n"))
  expect(answer.warnings).toBe("")
  expect(answer.status).toBe(0)
  expect(answer.objects).toBe(fresh.length)
  for (const object of fresh) taken.add(object)
})

test("a pod that is not restricted would have been noticed", async () => {
  const values = {
    controlPlane: { securityContext: { readOnlyRootFilesystem: false, allowPrivilegeEscalation: true } },
  }
  const answer = await dryRun(await renderText(helm, { values }))
  expect(answer.warnings).toContain("violates PodSecurity")
})
