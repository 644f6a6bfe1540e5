import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, test } from "vitest"
import { repositoryRoot } from "../../scripts/lib/paths.ts"
import { render, valuesFiles } from "./support/chart.ts"
import { mainHelm } from "./support/helms.ts"
import { at, type Container, find, type KubernetesObject, ofKind, podsOf } from "./support/objects.ts"

const helm = await mainHelm()
const directory = mkdtempSync(join(tmpdir(), "berth-preflight-"))
afterAll(() => rmSync(directory, { recursive: true }))
const EXIT_CONFIG = 78

const jobOf = (objects: readonly KubernetesObject[]) =>
  podsOf(objects).find(({ owner }) => /^Job\/.*-secrets$/.test(owner))
const preflightOf = (objects: readonly KubernetesObject[]): Container | undefined =>
  jobOf(objects)?.spec.initContainers?.find(({ name }) => name === "preflight")

/** Runs the program of the Job's check with its environment and its settings; the Secrets that it names hold `secrets`. */
async function preflight(
  options: { values?: object; files?: readonly string[] },
  secrets: Readonly<Record<string, string>> = {},
): Promise<{ status: number | null; words: string }> {
  const objects = await render(helm, options)
  const container = preflightOf(objects)
  const map = ofKind(objects, "ConfigMap").find(({ metadata }) => metadata.name.endsWith("-preflight"))
  const file = join(directory, `${Math.random()}.json`)
  writeFileSync(file, String((at(map, "data") as Record<string, string>)["config.json"]))
  const env = Object.fromEntries(
    (container?.env ?? []).flatMap(({ name, value, valueFrom }) => {
      const { name: secret = "", key = "" } = valueFrom?.secretKeyRef ?? {}
      const found = value ?? secrets[`${secret}/${key}`]
      return found === undefined ? [] : [[name, found]]
    }),
  )
  return new Promise((resolve, reject) => {
    const args = [join(repositoryRoot, "control-plane/server/main.ts"), "--preflight"]
    const child = spawn(process.execPath, args, { env: { ...env, BERTH_CONFIG_FILE: file } })
    let words = ""
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        words += text
      })
    }
    child.on("error", reject)
    child.on("close", (status) => resolve({ status, words }))
  })
}

const volume = { name: "auth-helpers", configMap: { name: "x" } }
const mount = { name: "auth-helpers", mountPath: "/opt/berth/auth-helpers" }
const profile = { default_binding: { type: "model_provider", runtime_auth_resolver: "r", provider: "x" } }
const compatible = { npm: "@ai-sdk/openai-compatible", models: { a: {} } }

describe("what only the control plane can judge is refused before anything changes", () => {
  test.concurrent.each<[object, string]>([
    [
      { sessions: { podTemplate: { spec: { securityContext: { runAsUser: 1 } } } } },
      "securityContext.runAsUser is not possible; keys: [",
    ],
    [{ sessions: { podTemplate: { spec: { hostNetwork: true } } } }, "hostNetwork is not possible"],
    [
      {
        sessions: { extraVolumes: [{ name: "x", projected: { sources: [{ secret: { name: "berth-encryption" } }] } }] },
      },
      'the Secret "berth-encryption" belongs to Berth itself',
    ],
    [
      { providers: { x: { ...compatible, options: { baseURL: "https://u:p@a.example.com" } } } },
      "no user name or password in the address",
    ],
    [{ controlPlane: { trustedProxies: ["10.0.0.0/33"] } }, '"10.0.0.0/33" is not an address or a CIDR'],
    [
      {
        credentials: {
          profiles: { p: { ...profile, env: { PATH: "/x" }, runtime_auth_resolvers: { r: { command: "a" } } } },
        },
      },
      "PATH: this variable cannot be set by a profile",
    ],
    [
      { credentials: { profiles: { p: { ...profile, runtime_auth_resolvers: { r: { command: "/abs/path" } } } } } },
      "must be the bare name of a helper",
    ],
  ])("%j", async (values, words) => {
    const found = await preflight({ values })
    expect(found.words).toContain(words)
    expect(found.status).toBe(EXIT_CONFIG)
  })

  test("a static API key that is too short, where its Secret is there already", async () => {
    const values = { apiKeys: { existingSecret: "keys" } }
    expect(await preflight({ values })).toMatchObject({ status: 0 })
    const found = await preflight({ values }, { "keys/API_KEYS": "[{}]" })
    expect(found.status).toBe(EXIT_CONFIG)
    expect(found.words).toContain("API keys: entry 1 needs user")
  })
})

test.concurrent.each(valuesFiles)("%s-values.yaml passes while none of its Secrets is there", async (file) => {
  const objects = await render(helm, { files: [file] })
  if (jobOf(objects) === undefined) return
  expect(await preflight({ files: [file] })).toEqual({ status: 0, words: "The configuration is sound.\n" })
})

test("a volume of session pods may have the name that other systems' own examples have", async () => {
  const values = { sessions: { extraVolumes: [volume], extraVolumeMounts: [mount] } }
  expect(await preflight({ values })).toMatchObject({ status: 0 })
})

test("the check reads what the control plane will read", async () => {
  const objects = await render(helm, { files: ["everything"] })
  const settings = (name: string) => at(find(objects, "ConfigMap", `agents-${name}`), "data")
  expect(settings("preflight")).toEqual(settings("config"))
  const [deployment] = podsOf(ofKind(objects, "Deployment"))
  const names = (preflightOf(objects)?.env ?? []).map(({ name }) => name)
  const served = deployment?.spec.containers.find(({ name }) => name === "control-plane")?.env ?? []
  expect(names.length).toBeGreaterThan(20)
  expect(served.map(({ name }) => name).slice(0, names.length)).toEqual(names)
})

test("the check waits for no Secret, and a failed one is not repeated", async () => {
  const objects = await render(helm, { files: ["everything"] })
  const refs = (preflightOf(objects)?.env ?? []).flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? [])
  expect(refs.length).toBeGreaterThan(5)
  expect(refs.filter(({ optional }) => optional !== true)).toEqual([])
  const job = ofKind(objects, "Job").find(({ metadata }) => metadata.name.endsWith("-secrets"))
  expect(at(job, "spec.podFailurePolicy.rules")).toContainEqual({
    action: "FailJob",
    onExitCodes: { containerName: "preflight", operator: "In", values: [EXIT_CONFIG] },
  })
  const map = find(objects, "ConfigMap", "agents-preflight")
  expect(map.metadata.annotations?.["helm.sh/hook"]).toBe("pre-install,pre-upgrade")
})
