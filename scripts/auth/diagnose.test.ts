import { execFile } from "node:child_process"
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { repositoryRoot } from "../lib/paths.ts"

const directory = mkdtempSync(join(tmpdir(), "berth-auth-"))
afterAll(() => rmSync(directory, { recursive: true }))

function write(name: string, content: unknown): string {
  const file = join(directory, name)
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content))
  return file
}

/** Runs the script as an operator does. */
function run(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env } }
    execFile(join(repositoryRoot, "scripts/berth-auth"), args, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

const profiles = {
  vertex: {
    runtime_auth_resolvers: {
      vertex_helper: { type: "command", command: ["fetch-vertex-token", "--key", "canary-argument"], ttl_ms: 60_000 },
    },
    env: { CLAUDE_CODE_USE_VERTEX: "canary-1", ANTHROPIC_VERTEX_PROJECT_ID: "canary-2" },
    default_binding: { type: "claude_api_key_helper", runtime_auth_resolver: "vertex_helper" },
  },
  shown: {
    runtime_auth_resolvers: { r: { command: "fetch-static-token" }, spare: { command: "fetch-vertex-token" } },
    environment_files: ["database.env"],
    default_binding: { type: "bearer_env", runtime_auth_resolver: "r", env_name: "API_TOKEN" },
  },
}
const values = {
  credentials: { profiles },
  sessions: { authProfile: "vertex" },
  providers: { anthropic: { options: { headers: { "x-key": "canary-header" } } } },
  authHelpers: { create: true, files: { "fetch-vertex-token": "echo canary-script", "fetch-static-token": "x" } },
  roleEnvFiles: {
    enabled: true,
    files: { "default.env": { secretName: "a", key: "b" }, "database.env": { secretName: "a", key: "c" } },
    selectable: ["database.env"],
  },
}

describe("scripts/berth-auth diagnose", () => {
  it("prints the plan of a values file without any value", async () => {
    const { code, stdout, stderr } = await run(["diagnose", "--values", write("values.yaml", values)])
    expect(stderr).toBe("")
    expect(code).toBe(0)
    expect(stdout).not.toContain("canary")
    expect(stdout.split("\n")).toEqual([
      "profile vertex (default)",
      "  resolver vertex_helper: fetch-vertex-token with 2 argument(s), good for 60000 ms, found",
      "  binding claude_api_key_helper: what vertex_helper prints goes into requests to the model provider anthropic, not to the agent",
      "  a request may choose instead: claude_api_key_helper,model_provider",
      "  env: ANTHROPIC_VERTEX_PROJECT_ID,CLAUDE_CODE_USE_VERTEX",
      "  environment files: none",
      "  user-settings.json present=true",
      "  exposed to the agent: ANTHROPIC_VERTEX_PROJECT_ID,CLAUDE_CODE_USE_VERTEX",
      "",
      "profile shown",
      "  resolver r: fetch-static-token, good for 60000 ms, found",
      "  resolver spare: fetch-vertex-token, good for 60000 ms, found",
      "  binding bearer_env: what r prints is API_TOKEN of the agent, EXPOSED to it",
      "  a request may choose instead: bearer_env,claude_api_key_helper,model_provider",
      "  env: none",
      "  environment files: database.env",
      "  user-settings.json present=false",
      "  exposed to the agent: API_TOKEN,all of database.env",
      "",
      "auth-helpers=[fetch-static-token,fetch-vertex-token]",
      "environment files=[default.env,database.env]; requests may choose [database.env]",
      "",
      "notes:",
      "- shown: the agent can read the token in API_TOKEN, and it is not refreshed while the agent runs",
      "- shown: the resolver spare is run only where a request chooses it",
      "",
    ])
  })

  it("names what is missing, and fails", async () => {
    const helpers = join(directory, "helpers")
    mkdirSync(helpers)
    writeFileSync(join(helpers, "fetch-static-token"), "x")
    chmodSync(join(helpers, "fetch-static-token"), 0o644)
    const broken = { ...values, roleEnvFiles: { enabled: false }, sessions: { authProfile: "gone" } }
    const args = ["diagnose", "-f", write("broken.yaml", broken), "--helpers", helpers]
    const { code, stdout } = await run(args)
    expect(code).toBe(1)
    expect(stdout.slice(stdout.indexOf("problems:"))).toBe(
      [
        "problems:",
        '- sessions.authProfile references "gone" which is not defined in credentials.profiles',
        "- credentials.profiles.vertex.runtime_auth_resolvers.vertex_helper: the helper fetch-vertex-token is not in the operator's directory",
        "- credentials.profiles.shown.runtime_auth_resolvers.r: the helper fetch-static-token is not executable",
        "- credentials.profiles.shown.runtime_auth_resolvers.spare: the helper fetch-vertex-token is not in the operator's directory",
        '- credentials.profiles.shown.environment_files: "database.env" is not in roleEnvFiles.files',
        "",
      ].join("\n"),
    )
  })

  it("leaves out of a folder of helpers what cannot be packed, and says when there is no such folder", async () => {
    const helpers = join(directory, "linked")
    mkdirSync(join(helpers, "folder"), { recursive: true })
    symlinkSync("/nowhere/fetch-gone", join(helpers, "fetch-gone"))
    writeFileSync(join(helpers, "fetch-token"), "#!/bin/sh\n", { mode: 0o755 })
    const file = write("empty.json", {})
    const { code, stdout } = await run(["diagnose", "--config", file, "--helpers", helpers])
    expect(code).toBe(0)
    expect(stdout).toContain("auth-helpers=[fetch-token]\n")
    const none = join(directory, "none")
    expect(await run(["diagnose", "--config", file, "--helpers", none])).toMatchObject({
      code: 1,
      stderr: `ERROR: the helpers in ${none} cannot be read (ENOENT)\n`,
    })
  })

  it("says everything that is wrong with profiles, in the control plane's words", async () => {
    const wrong = {
      p: { runtime_auth_resolvers: {}, default_binding: { type: "model_provider", runtime_auth_resolver: "x" } },
    }
    const file = write("config.json", { credentials: { profiles: wrong }, sessions: {} })
    const { code, stdout } = await run(["diagnose", "--config", file, "--json"])
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      profiles: [],
      helpers: null,
      problems: ["credentials.profiles.p: model_provider binding requires provider"],
    })
  })

  it("looks at a running installation, and reads no Secret of it", async () => {
    const bin = join(directory, "bin")
    mkdirSync(bin)
    const answers = {
      "configmap berth-config": {
        data: {
          "config.json": JSON.stringify({
            credentials: { profiles: { vertex: profiles.vertex } },
            sessions: { authProfile: "vertex" },
            sessionNamespace: "agents",
            authHelpers: { configMap: "helpers" },
            providers: { anthropic: {} },
          }),
        },
      },
      "configmap helpers": { data: { "fetch-vertex-token": "canary-script" } },
      "deployment berth": {
        spec: {
          template: {
            spec: {
              containers: [{ env: [{ name: "BERTH_ROLE_ENV_SELECTABLE", value: "x.env" }] }],
              volumes: [
                {
                  name: "role-env",
                  projected: { sources: [{ secret: { name: "s", items: [{ key: "k", path: "x.env" }] } }] },
                },
              ],
            },
          },
        },
      },
    }
    for (const [what, answer] of Object.entries(answers)) write(`answer ${what}`, answer)
    const log = join(directory, "kubectl.log")
    const stub = `#!/bin/sh\necho "$@" >> '${log}'\ncat "${directory}/answer $4 $5"\n`
    writeFileSync(join(bin, "kubectl"), stub, { mode: 0o755 })
    const { code, stdout, stderr } = await run(["diagnose", "-n", "prod"], {
      PATH: `${bin}${delimiter}${process.env["PATH"]}`,
    })
    expect(stderr).toBe("")
    expect(code).toBe(0)
    expect(stdout).toContain("profile vertex (default)")
    expect(stdout).toContain("auth-helpers=[fetch-vertex-token]")
    expect(stdout).toContain("environment files=[x.env]; requests may choose [x.env]")
    expect(stdout).not.toContain("canary")
  })

  it("quotes nothing of a file that it cannot read", async () => {
    const { code, stdout, stderr } = await run(["diagnose", "--values", write("bad.yaml", "a: [canary\nb: 'canary")])
    expect(code).toBe(1)
    expect(stderr).toMatch(/bad\.yaml is not YAML: [A-Z_]+ in line \d/)
    expect(stdout + stderr).not.toContain("canary")
    expect((await run(["diagnose", "--values", "/nowhere.yaml"])).stderr).toContain("cannot be read (ENOENT)")
  })

  it("tells the arguments apart from the installation: exit 2, with the usage", async () => {
    for (const args of [
      [],
      ["explain"],
      ["diagnose"],
      ["diagnose", "--values", "a", "-n", "b"],
      ["diagnose", "--what"],
    ]) {
      const { code, stderr } = await run(args)
      expect(code, args.join(" ")).toBe(2)
      expect(stderr).toContain("scripts/berth-auth diagnose --values FILE")
    }
    expect((await run(["--help"])).code).toBe(0)
  })
})
