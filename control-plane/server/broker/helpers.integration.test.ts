import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { call } from "../../../test/support/broker/call.ts"
import { startHarness } from "../../../test/support/broker/harness.ts"
import { startModelServer } from "../../../test/support/broker/model-server.ts"
import { startSidecar } from "../../../test/support/broker/sidecar.ts"
import { createWorkspace } from "../../../test/support/broker/workspace.ts"

const model = await startModelServer()
const helper = (command: string, ttl_ms?: number) => ({
  r: { type: "command", command, ...(ttl_ms === undefined ? {} : { ttl_ms }) },
})
const broker = await startHarness({
  file: {
    providers: {
      bound: { npm: "@ai-sdk/anthropic", options: { baseURL: `${model.url}/bound` } },
      other: { options: { baseURL: `${model.url}/other` } },
    },
    credentials: {
      profiles: {
        models: {
          runtime_auth_resolvers: helper("fetch-token", 600_000),
          env: { REGION: "eu" },
          default_binding: { type: "model_provider", runtime_auth_resolver: "r", provider: "bound" },
        },
        broken: {
          runtime_auth_resolvers: helper("fetch-nothing"),
          default_binding: { type: "model_provider", runtime_auth_resolver: "r", provider: "bound" },
        },
        exposed: {
          runtime_auth_resolvers: helper("fetch-token"),
          env: { REGION: "us" },
          default_binding: { type: "bearer_env", runtime_auth_resolver: "r", env_name: "API_TOKEN" },
        },
        claude: {
          runtime_auth_resolvers: helper("fetch-token", 60_000),
          env: { CLAUDE_CODE_USE_VERTEX: "1" },
          default_binding: { type: "claude_api_key_helper", runtime_auth_resolver: "r", provider: "bound" },
        },
      },
    },
  },
  providerKeys: { bound: "sk-canary-stored", other: "sk-canary-other" },
})

const helpers = join(broker.directory, "helpers")
mkdirSync(helpers)
writeHelper("echo tok-canary-$REGION")

function writeHelper(script: string): void {
  writeFileSync(join(helpers, ".new"), `#!/bin/sh\n${script}\n`)
  chmodSync(join(helpers, ".new"), 0o755)
  renameSync(join(helpers, ".new"), join(helpers, "fetch-token"))
}

async function sessionWith(profile: string, environment?: Record<string, string>) {
  const session = await broker.addSession(environment === undefined ? {} : { environment })
  await broker.database.raw("UPDATE sessions SET profile = ? WHERE id = ?", [profile, session.id])
  const sidecar = await startSidecar(broker, session, { BERTH_AUTH_HELPERS: helpers })
  const ask = async (provider: string, headers: Record<string, string> = {}) => {
    const before = model.seen.length
    const path = provider === "bound" ? "messages" : "chat/completions"
    const answer = await call(`${sidecar.url}/llm/${provider}/${path}`, { method: "POST", body: "{}", headers })
    return { ...answer, seen: model.seen.slice(before).at(-1)?.headers }
  }
  return { session, sidecar, ask, workspace: createWorkspace(broker, sidecar, session.workload) }
}

describe("a profile's helper", () => {
  it("prints the token of its provider's requests, which goes in where that provider wants its key", async () => {
    const { ask } = await sessionWith("models")
    expect((await ask("bound")).seen).toMatchObject({ "x-api-key": "tok-canary-eu" })
    expect((await ask("other")).seen).toMatchObject({ authorization: "Bearer sk-canary-other" })
  })

  it("is run again when the provider does not take its token: the next request carries the new one", async () => {
    const { ask } = await sessionWith("models")
    await ask("bound")
    writeHelper("echo tok-canary-rotated")
    expect((await ask("bound")).seen).toMatchObject({ "x-api-key": "tok-canary-eu" })
    model.behave((request, response) => {
      response.writeHead(request.headers["x-api-key"] === "tok-canary-rotated" ? 200 : 401).end("{}")
    })
    expect((await ask("bound")).status).toBe(401)
    expect((await ask("bound")).seen).toMatchObject({ "x-api-key": "tok-canary-rotated" })
    writeHelper("echo tok-canary-$REGION")
  })

  it("that fails is told to the agent in words, and no stored key stands in for its token", async () => {
    const { ask } = await sessionWith("broken")
    const { status, body, seen } = await ask("bound")
    expect(status).toBe(502)
    expect(JSON.parse(body).error.message).toBe(`berth: the auth helper fetch-nothing is not in ${helpers}`)
    expect(seen).toBeUndefined()
  })

  it("cannot be played by the agent", async () => {
    const { ask } = await sessionWith("models")
    expect((await ask("bound", { "x-berth-helper-token": "forged" })).seen).toMatchObject({
      "x-api-key": "tok-canary-eu",
    })
    expect((await ask("other", { "x-berth-helper-token": "forged" })).seen).toMatchObject({
      authorization: "Bearer sk-canary-other",
    })
  })

  it("gives the agent nothing of what is bound to a provider", async () => {
    const { sidecar, workspace } = await sessionWith("models", { MINE: "1" })
    expect((await call(`${sidecar.url}/v1/environment`)).body).toBe("{}")
    expect(await workspace.prepare()).toMatchObject({ code: 0 })
    const environment = readFileSync(join(workspace.agentConfig, "environment"), "utf8")
    expect(environment).toBe("export REGION='eu'\nexport MINE='1'\n")
  })

  it("fills the variable of a bearer_env binding when the agent starts; a request's own environment wins", async () => {
    const { workspace } = await sessionWith("exposed", { REGION: "mine" })
    expect(await workspace.prepare()).toMatchObject({ code: 0 })
    const environment = readFileSync(join(workspace.agentConfig, "environment"), "utf8")
    expect(environment.split("\n").sort()).toEqual(["", "export API_TOKEN='tok-canary-us'", "export REGION='mine'"])
  })

  it("of a claude_api_key_helper binding is in the user settings, and works for the provider as well", async () => {
    const { workspace, ask } = await sessionWith("claude")
    expect(await workspace.prepare()).toMatchObject({ code: 0 })
    const file = join(workspace.repository, ".berth", "user-settings.json")
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({
      apiKeyHelper: "fetch-token",
      env: { CLAUDE_CODE_USE_VERTEX: "1", CLAUDE_CODE_API_KEY_HELPER_TTL_MS: "60000" },
    })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect((await workspace.git("status", "--short")).stdout).toBe("")
    expect((await ask("bound")).seen?.["x-api-key"]).toMatch(/^tok-canary/)
  })

  it("that fails at the start keeps the agent from starting, with the reason in the session", async () => {
    const { workspace, session } = await sessionWith("exposed")
    writeHelper("echo 'key sk-canary-refused' >&2; exit 1")
    expect((await workspace.prepare()).code).toBe(1)
    writeHelper("echo tok-canary-$REGION")
    const { rows } = await broker.database.raw("SELECT report FROM workloads WHERE id = ?", [session.workload])
    expect(rows[0].report).toMatchObject({
      phase: "failed",
      code: "helper_failed",
      message:
        "berth: the auth helper fetch-token failed with status 1; what it said is in the log of the session's container auth",
    })
    expect(existsSync(join(workspace.agentConfig, "environment"))).toBe(false)
  })
})
