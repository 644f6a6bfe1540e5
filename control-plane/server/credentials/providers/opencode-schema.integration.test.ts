import { spawnSync } from "node:child_process"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { startAgent } from "../../../../test/support/opencode.ts"
import { removeScratch, scratchDirectory } from "../../../../test/support/scratch.ts"
import { isObject } from "./json.ts"
import { modelMembers, permissionShape, providerMembers } from "./opencode-schema.ts"
import { agentFaults, providerFaults } from "./providers.ts"

const binary = join(import.meta.dirname, "../../../../node_modules/opencode-linux-x64/bin/opencode")
const root = scratchDirectory("opencode-schema")
const agent = await startAgent()
afterAll(async () => {
  await agent.stop()
  removeScratch(root)
})

const authorization = `Basic ${Buffer.from(`opencode:${agent.target.password.reveal()}`).toString("base64")}`
const described = (await (await fetch(`${agent.target.baseUrl}/doc`, { headers: { authorization } })).json()) as {
  components: { schemas: Record<string, unknown> }
}

/** A schema without references, descriptions and alternatives that another one covers. */
function plain(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(plain)
  if (!isObject(schema)) return schema
  const { $ref, description: _, ...rest } = schema
  if (typeof $ref === "string") return plain(described.components.schemas[$ref.split("/").at(-1) ?? ""])
  const members = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, plain(value)]))
  if (isObject(members["additionalProperties"]) && Object.keys(members["additionalProperties"]).length === 0) {
    members["additionalProperties"] = true
  }
  if (!Array.isArray(members["anyOf"])) return members
  const all: unknown[] = members["anyOf"]
  const anyText = all.some((one) => isObject(one) && one["type"] === "string" && one["enum"] === undefined)
  const left = all.filter((one) => !(anyText && isObject(one) && one["type"] === "string" && one["enum"] !== undefined))
  return left.length === 1 ? left[0] : { anyOf: left }
}

describe("what OpenCode says that it accepts", () => {
  const provider = plain(described.components.schemas["ProviderConfig"]) as { properties: Record<string, unknown> }

  it("of a provider is what is checked here, its options apart", () => {
    const { options: _, models, ...members } = provider.properties
    const { options: __, models: ___, ...ours } = providerMembers
    expect(plain(ours)).toEqual(members)
    expect(plain(providerMembers.models)).toEqual(models)
    expect(Object.keys(modelMembers).length).toBeGreaterThan(10)
  })

  it("as permissions is what is checked here", () => {
    expect(plain(permissionShape)).toEqual(plain(described.components.schemas["PermissionConfig"]))
  })
})

/** What OpenCode says of a configuration before it exits; null for one that it takes. */
function refusal(config: object): string | null {
  for (const name of ["config", "data", "cache", "state"]) mkdirSync(join(root, name), { recursive: true })
  const { status, stdout, stderr } = spawnSync(binary, ["debug", "config"], {
    cwd: root,
    encoding: "utf8",
    env: {
      PATH: process.env["PATH"],
      HOME: root,
      XDG_CONFIG_HOME: join(root, "config"),
      XDG_DATA_HOME: join(root, "data"),
      XDG_CACHE_HOME: join(root, "cache"),
      XDG_STATE_HOME: join(root, "state"),
      OPENCODE_CONFIG_CONTENT: JSON.stringify(config),
      OPENCODE_DISABLE_MODELS_FETCH: "1",
      OPENCODE_DISABLE_PROJECT_CONFIG: "1",
    },
  })
  return status === 0 ? null : `${stdout}${stderr}`
}

const options = { baseURL: "https://models.example.com/v1" }
/** Mistakes that people make: the key that a fault names. */
const mistakes: [string, unknown, string][] = [
  ["a limit without output", { m: { limit: { context: 131_072 } } }, "models.m.limit.output"],
  ["a limit in words", { m: { limit: { context: "128k", output: 8192 } } }, "models.m.limit.context"],
  ["models as a list", ["m"], "models"],
  ["a model that is empty in YAML", { m: null }, "models.m"],
  ["a price without output", { m: { cost: { input: 1 } } }, "models.m.cost.output"],
  ["a flag in words", { m: { reasoning: "yes" } }, "models.m.reasoning"],
  ["a status of no meaning", { m: { status: "new" } }, "models.m.status"],
]

describe("OpenCode itself", () => {
  it("exits with each mistake, which is refused here with the same key", () => {
    // It names all of them before it exits, so that one start shows them.
    const providers = mistakes.map(([, models], index) => [`mine${index}`, { options, models }] as const)
    const permission = { bash: "ASK" }
    const words = refusal({ provider: Object.fromEntries(providers), permission })
    for (const [index, [mistake, models, key]] of mistakes.entries()) {
      expect(words, mistake).toContain(`provider.mine${index}.${key}`)
      const faults = providerFaults({ mine: { options, models } as Record<string, unknown> })
      expect(faults, mistake).toContainEqual(expect.stringContaining(`providers.mine.${key}`))
    }
    expect(words).toContain("permission.bash")
    expect(agentFaults({ permission })).toEqual([
      expect.stringMatching(/^agent\.permission\.bash: Expected .*"ask" \| "allow" \| "deny".*, got a text$/),
    ])
  })

  it("takes all that is taken here", () => {
    const models = {
      m: {
        name: "M",
        limit: { context: 131_072, input: 100_000, output: 8192 },
        cost: { input: 1, output: 2, cache_read: 0.1 },
        modalities: { input: ["text", "image"], output: ["text"] },
        options: { temperature: 0.2 },
        variants: { high: { reasoningEffort: "high" } },
      },
    }
    const permission = { "*": "allow", bash: { "git *": "allow", "*": "ask" }, webfetch: "deny", own_tool: "ask" }
    const mine = { name: "Mine", options, models }
    expect(providerFaults({ mine })).toEqual([])
    expect(agentFaults({ permission })).toEqual([])
    expect(refusal({ provider: { mine }, permission })).toBeNull()
  })
})
