import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { call } from "../../../test/support/broker/call.ts"
import { startHarness } from "../../../test/support/broker/harness.ts"
import { startSidecar } from "../../../test/support/broker/sidecar.ts"
import { createWorkspace } from "../../../test/support/broker/workspace.ts"

const broker = await startHarness({
  file: {
    credentials: {
      profiles: {
        company: {
          runtime_auth_resolvers: { r: { command: "fetch-token" } },
          env: { REGION: "profile", FROM_PROFILE: "1" },
          environment_files: ["database.env"],
          default_binding: { type: "model_provider", runtime_auth_resolver: "r", provider: "m" },
          allowed_bindings: ["bearer_env", "model_provider"],
        },
      },
    },
  },
  environmentFiles: {
    files: {
      "default.env": "LOG_LEVEL=info\nDB_HOST=default\nREGION=default\nAPI_TOKEN=from-file",
      "developer.env": "LOG_LEVEL=debug\nSECRET='canary-developer'",
      "admin.env": "ADMIN_ACCESS=canary-admin",
      "database.env": "DB_HOST=database\nDB_PORT=5432\nREGION=file",
      "extra.env": "DB_PORT=6543\nEXTRA=1",
    },
    selectable: ["extra.env", "gone.env"],
  },
})

type Options = NonNullable<Parameters<typeof broker.addSession>[0]>

async function podOf(options: Options) {
  const session = await broker.addSession(options)
  const sidecar = await startSidecar(broker, session, { BERTH_AUTH_HELPERS: "/bin" })
  const binding = async () => {
    const { status, body } = await call(`${sidecar.url}/v1/workload`)
    return { status, body, environment: status === 200 ? JSON.parse(body).environment : null }
  }
  return { session, sidecar, binding }
}

describe("a session's environment", () => {
  it("is that of its owner's role and of no other", async () => {
    const { binding } = await podOf({ role: "developer" })
    const { environment, body } = await binding()
    expect(environment).toEqual({
      LOG_LEVEL: "debug",
      SECRET: "canary-developer",
      DB_HOST: "default",
      REGION: "default",
      API_TOKEN: "from-file",
    })
    expect(body).not.toContain("canary-admin")
  })

  it("has the profile's files and variables over that, then the chosen files, and the request's own over all", async () => {
    const { binding } = await podOf({
      role: "developer",
      profile: "company",
      environmentFiles: ["extra.env"],
      environment: { EXTRA: "mine", LOG_LEVEL: "trace" },
    })
    expect((await binding()).environment).toEqual({
      LOG_LEVEL: "trace",
      SECRET: "canary-developer",
      DB_HOST: "database",
      DB_PORT: "6543",
      REGION: "profile",
      FROM_PROFILE: "1",
      API_TOKEN: "from-file",
      EXTRA: "mine",
    })
  })

  it("leaves the variable of a binding to its token, unless the request sets it", async () => {
    const bound = {
      profile: "company",
      binding: { type: "bearer_env", runtime_auth_resolver: "r", env_name: "API_TOKEN" },
    } as const
    expect((await (await podOf(bound)).binding()).environment).not.toHaveProperty("API_TOKEN")
    const own = await podOf({ ...bound, environment: { API_TOKEN: "mine" } })
    expect((await own.binding()).environment).toMatchObject({ API_TOKEN: "mine" })
  })

  it("follows the role and the files without a restart of anything", async () => {
    const { binding, session } = await podOf({ role: "member" })
    expect((await binding()).environment).toMatchObject({ LOG_LEVEL: "info" })
    writeFileSync(join(broker.directory, "role-env", "member.env"), "LOG_LEVEL=warn")
    expect((await binding()).environment).toMatchObject({ LOG_LEVEL: "warn" })
    await broker.database("users").where({ id: session.userId }).update({ role: "developer" })
    expect((await binding()).environment).toMatchObject({ LOG_LEVEL: "debug" })
  })

  it("reaches the agent as it is, quoted for its shell", async () => {
    writeFileSync(join(broker.directory, "role-env", "quoter.env"), "MARK='$(touch x) \"y\" `z`'")
    const { sidecar, session } = await podOf({ role: "quoter" })
    const workspace = createWorkspace(broker, sidecar, session.workload)
    expect(await workspace.prepare()).toMatchObject({ code: 0 })
    const written = readFileSync(join(workspace.agentConfig, "environment"), "utf8")
    expect(written).toContain(`export MARK='$(touch x) "y" \`z\`'\n`)
  })

  it("is none, with the reason, when a chosen file no longer exists", async () => {
    const { binding } = await podOf({ environmentFiles: ["gone.env"] })
    const { status, body } = await binding()
    expect(status).toBe(403)
    expect(JSON.parse(body).error.message).toContain('environment file "gone.env" no longer exists')
  })

  it("is none, with the reason, when a chosen file is not offered any more, though a profile may bring it", async () => {
    const { binding } = await podOf({ environmentFiles: ["database.env"] })
    const { status, body } = await binding()
    expect(status).toBe(403)
    expect(JSON.parse(body).error.message).toContain('environment file "database.env" cannot be chosen any more')
  })

  it("is nowhere in the log, the audit log or the database", async () => {
    const { rows } = await broker.database.raw("SELECT * FROM sessions")
    const everything = JSON.stringify([broker.logged, broker.audited, rows])
    expect(everything).not.toContain("canary")
  })
})
