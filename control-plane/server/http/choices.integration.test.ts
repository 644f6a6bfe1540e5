import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { startServer, testConfig } from "../../../test/support/http/server.ts"
import { testDatabase } from "../../../test/support/postgres.ts"
import { createAudit } from "../audit/index.ts"
import { createCredentials, createVault } from "../credentials/index.ts"
import { createNotifications } from "../database/index.ts"
import { createLogger } from "../observability/index.ts"
import { createRuntime } from "../runtime/index.ts"
import { createSessions } from "../sessions/index.ts"
import { systemClock as clock } from "../time/index.ts"
import { createTranscripts } from "../transcripts/index.ts"
import type { Workloads } from "../workloads/index.ts"
import { createWorkloadStore } from "../workloads/store.ts"

const directory = mkdtempSync(join(tmpdir(), "berth-choices-"))
afterAll(() => rmSync(directory, { recursive: true }))
writeFileSync(join(directory, "admin.env"), "A=canary-role")
writeFileSync(join(directory, "database.env"), "B=canary-database")

const config = testConfig(
  {
    credentials: {
      profiles: {
        company: {
          runtime_auth_resolvers: { r: { command: ["fetch", "canary-argument"] } },
          env: { COMPANY: "canary-profile" },
          default_binding: { type: "model_provider", runtime_auth_resolver: "r", provider: "m" },
        },
      },
    },
  },
  { BERTH_ROLE_ENV_DIR: directory, BERTH_ROLE_ENV_SELECTABLE: "database.env" },
)
const { database, url } = await testDatabase()
const log = createLogger({ level: "silent", replica: "test" })
const vault = createVault({ keys: config.encryptionKeys })
const notifications = createNotifications({ url, log, clock })
afterAll(() => notifications.close())
const audit = createAudit({ database, log })
const outside = () => Promise.reject(new Error("nothing outside is part of this test"))
const { choices } = createCredentials({ config, database, vault, audit, log, clock, probe: outside, fetch: outside })
const store = createWorkloadStore({ database, vault, release: "berth" })
const sessions = createSessions({
  ...{ database, vault, clock, notifications, config, audit, choices },
  transcripts: createTranscripts({ database, notifications, clock, log }),
  runtime: createRuntime({ clock, log }),
  workloads: { store, observe: () => ({ statefulSet: null, pod: null, remains: [] }) } as unknown as Workloads,
  engine: { wake: () => undefined },
})
const server = await startServer({ database, sessions, config })
const cookie = await server.signIn()

async function create(json: object) {
  const response = await server.fetch("/api/sessions", { method: "POST", cookie, json })
  const text = await response.text()
  expect(text).not.toContain("canary")
  const body = JSON.parse(text)
  return { status: response.status, message: body.error?.message, field: body.error?.details?.field, body }
}

describe("a request for a session", () => {
  it("finds what it can choose in GET /api/profiles, by names only", async () => {
    const text = await (await server.fetch("/api/profiles", { cookie })).text()
    expect(text).not.toContain("canary")
    expect(JSON.parse(text)).toMatchObject({
      items: [
        {
          name: "company",
          binding: "model_provider",
          allowedBindings: ["claude_api_key_helper", "model_provider"],
          resolvers: ["r"],
          exposedToAgent: ["COMPANY"],
        },
      ],
      environmentFiles: ["database.env"],
    })
  })

  it("gets what it chose", async () => {
    const { status, body } = await create({
      profile: "company",
      binding: { type: "claude_api_key_helper", runtime_auth_resolver: "r" },
      environmentFiles: ["database.env"],
      repository: { url: "https://git.example.com/team/app", depth: 1, submodules: true },
      environment: { MINE: "canary-mine" },
    })
    expect(status).toBe(201)
    expect(body).toMatchObject({
      profile: "company",
      binding: "claude_api_key_helper",
      environmentFiles: ["database.env"],
      repository: { depth: 1, submodules: true },
    })
    const [made] = await database("audit_events").where({ session_id: body.id }).select("action", "facts")
    expect(made).toMatchObject({
      action: "session.create",
      facts: {
        repository: "https://git.example.com/team/app",
        profile: "company",
        binding: "claude_api_key_helper",
        exposed: ["A", "B", "COMPANY", "MINE"],
      },
    })
    expect(JSON.stringify(made)).not.toContain("canary")
  })

  it.each<[object, string, string]>([
    [{ profile: "vertex" }, "profile", 'profile: "vertex" is not defined; choose one of company.'],
    [
      { environmentFiles: ["admin.env"] },
      "environmentFiles",
      'environmentFiles: "admin.env" cannot be chosen; choose from database.env.',
    ],
    [
      { profile: "company", binding: { type: "model_provider", runtime_auth_resolver: "x", provider: "m" } },
      "binding",
      'binding: credential profile "company": binding references unknown runtime_auth_resolver "x"; it has [r].',
    ],
    [
      { profile: "company", binding: { type: "bearer_env", runtime_auth_resolver: "r", env_name: "T" } },
      "binding",
      'binding: credential profile "company": allows bindings of type [claude_api_key_helper, model_provider], not bearer_env.',
    ],
    [
      { binding: { type: "model_provider", runtime_auth_resolver: "r", provider: "m" } },
      "binding",
      "binding: the session has no profile, so there is nothing to bind.",
    ],
    [
      { environment: { LD_PRELOAD: "canary" } },
      "environment.LD_PRELOAD",
      "environment: LD_PRELOAD decides how the agent's programs run and cannot be set.",
    ],
    [{ environment: { A: "canary\u0001" } }, "environment.A", "environment: A has a control character in its value."],
  ])("is refused for %j", async (json, field, message) => {
    expect(await create(json)).toMatchObject({ status: 400, field, message })
  })

  it.each([
    { binding: { type: "token_file" } },
    { binding: { type: "bearer_env", token: "x" } },
    { environmentFiles: ["a.env", "a.env"] },
    { repository: { url: "https://git.example.com/a/b", depth: 0 } },
    { repository: { url: "https://git.example.com/a/b", submodules: "yes" } },
  ])("is refused by its form: %j", async (json) => {
    expect((await create(json)).status).toBe(400)
  })
})
