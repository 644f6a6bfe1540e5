import { spawn } from "node:child_process"
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { parse } from "yaml"
import { ensureTools } from "../../dev/tools/index.ts"
import { repositoryRoot } from "../../scripts/lib/paths.ts"
import { type ApiServer, startApiServer } from "../support/apiserver.ts"
import { render } from "./support/chart.ts"
import { mainHelm } from "./support/helms.ts"
import { at, containersOf, type KubernetesObject, podsOf } from "./support/objects.ts"

const { kubectl } = await ensureTools(["kubectl"])
const RANDOM = ["better-auth", "berth-encryption", "berth-postgresql", "berth-admin"]
let server: ApiServer
let directory: string
let tokens: string
let namespace: string
let count = 0

beforeAll(async () => {
  server = await startApiServer()
}, 300_000)

afterAll(() => server?.stop())

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "berth-bootstrap-"))
  tokens = join(directory, "tokens")
  namespace = `test-${++count}`
  // A kubectl that writes down its arguments, as a process list would show them.
  const wrapper = join(directory, "kubectl")
  writeFileSync(wrapper, `#!/bin/sh\nprintf '%s\\n' "$*" >>${directory}/arguments\nexec ${kubectl} "$@"\n`)
  chmodSync(wrapper, 0o755)
  return () => rmSync(directory, { recursive: true })
})

interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

function bootstrap(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  const child = spawn(join(repositoryRoot, "scripts/k8s-bootstrap.sh"), args, {
    env: {
      PATH: `${directory}:${process.env["PATH"]}`,
      HOME: directory,
      KUBECONFIG: server.kubeconfig,
      BERTH_TOKENS_FILE: tokens,
      ...env,
    },
  })
  let [stdout, stderr] = ["", ""]
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text
  })
  return new Promise((resolve) => child.on("close", (status) => resolve({ status, stdout, stderr })))
}

async function secrets(): Promise<Record<string, Record<string, string>>> {
  const answer: unknown = JSON.parse(await server.kubectl(["get", "secrets", "-n", namespace, "-o", "json"]))
  const decode = (data: Record<string, string>) =>
    Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]))
  const items = at(answer, "items") as KubernetesObject[]
  return Object.fromEntries(items.map(({ metadata, ...rest }) => [metadata.name, decode(rest["data"] as never)]))
}

describe("scripts/k8s-bootstrap.sh", () => {
  test("by default says what it would do, and writes nothing anywhere", async () => {
    const { status, stdout } = await bootstrap(["-n", namespace], { DATABASE_URL: "postgres://secret-value" })
    expect(status).toBe(0)
    for (const name of RANDOM) expect(stdout).toMatch(new RegExp(`^\\d+\\. kubectl .*# Secret ${name}, keys:`, "m"))
    expect(stdout).toContain("[skip] sso-oidc — OIDC_CLIENT_SECRET not set in env")
    expect(stdout).not.toContain("secret-value")
    expect(stdout).toContain("dry run: nothing was written; run again with --apply to create them")
    expect(existsSync(tokens)).toBe(false)
    expect(existsSync(join(directory, "arguments"))).toBe(false)
  })

  test("creates what is missing, never puts a value on a command line, and a second run changes nothing", async () => {
    const env = {
      DATABASE_URL: "postgres://u:p@h/d",
      GITHUB_TOKEN: "ghp_x",
      BERTH_PROVIDER_KEY_AMAZON__BEDROCK: "key\nwith\nlines",
    }
    const first = await bootstrap(["--apply", "-n", namespace, "--create-namespace"], env)
    expect(first).toMatchObject({ status: 0, stderr: "" })
    for (const name of [...RANDOM, "berth-db", "berth-git"]) expect(first.stdout).toContain(`  [ok]   ${name}\n`)
    const made = await secrets()
    expect(made["berth-db"]).toEqual({ DATABASE_URL: "postgres://u:p@h/d" })
    expect(made["berth-provider-keys"]).toEqual({ "amazon-bedrock": "key\nwith\nlines" })
    expect(made["berth-admin"]?.["email"]).toBe("admin@berth.local")
    const shown = readFileSync(join(directory, "arguments"), "utf8") + first.stdout
    const values = Object.values(made)
      .flatMap((data) => Object.values(data))
      .filter((value) => value !== "admin@berth.local")
    for (const value of values) expect(shown).not.toContain(value)

    const before = readFileSync(tokens, "utf8")
    const second = await bootstrap(["--apply", "-n", namespace], env)
    expect(second.status).toBe(0)
    for (const name of RANDOM) expect(second.stdout).toContain(`  [skip] ${name} already present\n`)
    expect(await secrets()).toEqual(made)
    expect(readFileSync(tokens, "utf8")).toBe(before)
  })

  test("keeps its random values to itself, and gives a second cluster the same", async () => {
    await bootstrap(["--apply", "-n", namespace, "--create-namespace"])
    expect(statSync(tokens).mode & 0o777).toBe(0o600)
    const first = await secrets()
    namespace = `${namespace}-again`
    await bootstrap(["--apply", "-n", namespace, "--create-namespace"])
    expect(await secrets()).toEqual(first)
  })

  test("makes every Secret that a default installation would otherwise have made for it", async () => {
    await bootstrap(["--apply", "-n", namespace, "--create-namespace", "--release", "a-release"])
    const made = await secrets()
    const objects = await render(await mainHelm(), { release: "a-release", values: { secretsJob: { enabled: false } } })
    const wanted = podsOf(objects)
      .flatMap(containersOf)
      .flatMap(({ env }) => env ?? [])
      .flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? [])
    expect(wanted.length).toBeGreaterThan(6)
    for (const { name, key } of wanted) expect(made[name]?.[key]?.length ?? 0, `${name} ${key}`).toBeGreaterThan(12)
    expect(Buffer.from(made["a-release-berth-encryption"]?.["keys"] ?? "", "base64").length).toBe(32)
  })

  test("replaces one Secret when told to; the encryption ring keeps its old keys behind the new one", async () => {
    await bootstrap(["--apply", "-n", namespace, "--create-namespace"])
    const first = await secrets()
    await bootstrap(["--apply", "-n", namespace, "--rotate", "better-auth"])
    const { status } = await bootstrap(["--apply", "-n", namespace, "--rotate", "berth-encryption"])
    expect(status).toBe(0)
    const rotated = await secrets()
    expect(rotated["better-auth"]).not.toEqual(first["better-auth"])
    expect(rotated["berth-admin"]).toEqual(first["berth-admin"])
    const [newest, ...rest] = (rotated["berth-encryption"]?.["keys"] ?? "").split(",")
    expect(rest).toEqual([first["berth-encryption"]?.["keys"]])
    expect(newest).not.toBe(rest[0])
  })

  test("rotates the keys that the environment holds, and leaves others, labels and annotations alone", async () => {
    const both = { BERTH_PROVIDER_KEY_ANTHROPIC: "first", BERTH_PROVIDER_KEY_OPENAI: "kept" }
    await bootstrap(["--apply", "-n", namespace, "--create-namespace"], both)
    const secret = ["secret", "berth-provider-keys", "-n", namespace]
    await server.kubectl(["annotate", ...secret, "example.com/owner=platform"])
    const rotation = ["--apply", "-n", namespace, "--rotate", "berth-provider-keys"]
    const { status, stderr } = await bootstrap(rotation, { BERTH_PROVIDER_KEY_ANTHROPIC: "second" })
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
    expect((await secrets())["berth-provider-keys"]).toEqual({ anthropic: "second", openai: "kept" })
    const { metadata } = JSON.parse(await server.kubectl(["get", ...secret, "-o", "json"])) as KubernetesObject
    expect(metadata.annotations).toEqual({ "example.com/owner": "platform" })
    expect(readFileSync(join(directory, "arguments"), "utf8")).not.toContain("second")
  })

  test("fails where there is nothing to rotate to, and refuses a rotation that would change nothing", async () => {
    await server.kubectl(["create", "namespace", namespace])
    const skipped = await bootstrap(["--apply", "-n", namespace, "--rotate", "sso-oidc"])
    expect(skipped.stdout).toContain("  [skip] sso-oidc — OIDC_CLIENT_SECRET not set in env\n")
    expect(skipped).toMatchObject({
      status: 1,
      stderr: "ERROR: nothing was rotated: set OIDC_CLIENT_SECRET and run it again\n",
    })
    const admin = await bootstrap(["--apply", "-n", namespace, "--rotate", "berth-admin"])
    expect(admin.status).toBe(2)
    expect(admin.stderr).toContain("ERROR: --rotate berth-admin would change no password: ")
    expect(await secrets()).toEqual({})
  })

  test("fails with a message where there is no namespace, and where a create is refused", async () => {
    const missing = await bootstrap(["--apply", "-n", namespace])
    expect(missing.status).toBe(1)
    expect(missing.stderr).toBe(`ERROR: namespace ${namespace} does not exist; add --create-namespace\n`)

    await server.kubectl(["create", "namespace", namespace])
    await server.kubectl(["create", "clusterrole", "reader", "--verb=get", "--resource=namespaces,secrets"])
    await server.kubectl(["create", "clusterrolebinding", "reader", "--clusterrole=reader", "--user=reader"])
    const config = parse(readFileSync(server.kubeconfig, "utf8")) as { users: { user: object }[] }
    config.users = config.users.map((entry) => ({ ...entry, user: { ...entry.user, as: "reader" } }))
    const limited = join(directory, "kubeconfig")
    writeFileSync(limited, JSON.stringify(config))
    const refused = await bootstrap(["--apply", "-n", namespace], { KUBECONFIG: limited })
    expect(refused.status).toBe(1)
    expect(refused.stderr).toContain("  [fail] better-auth — ")
    expect(refused.stderr).toContain("ERROR: not every Secret could be created, see above")
  })

  test("refuses what it does not know with status 2", async () => {
    expect(await bootstrap(["--frobnicate"])).toMatchObject({
      status: 2,
      stderr: "ERROR: unknown argument: --frobnicate (see --help)\n",
    })
    expect(await bootstrap(["-n"])).toMatchObject({ status: 2, stderr: "ERROR: -n needs a value\n" })
    expect(await bootstrap(["-n", "Not A Name"])).toMatchObject({ status: 2 })
    expect((await bootstrap(["--rotate", "other"])).stderr).toContain(
      "ERROR: --rotate other: no such Secret; one of: better-auth ",
    )
  })

  test("explains itself", async () => {
    const { status, stdout } = await bootstrap(["-h"])
    expect(status).toBe(0)
    for (const word of ["--apply", "--namespace", "--create-namespace", "--release", "--rotate", "--context"])
      expect(stdout).toContain(word)
    expect(stdout).not.toContain("set -euo")
  })
})
