import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pino } from "pino"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { createSessionChoices } from "../choices.ts"
import { createEnvironmentFiles, environmentFileFaults } from "../index.ts"
import { parseEnvironmentFile } from "./parse.ts"

let directory = ""
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "berth-env-"))
})
afterEach(() => rmSync(directory, { recursive: true }))

const write = (name: string, text: string) => writeFileSync(join(directory, name), text)
const settings = (more: { loadDefault?: boolean; selectable?: string[] } = {}) => ({
  directory,
  loadDefault: true,
  selectable: [],
  ...more,
})
const logged: string[] = []
const log = pino({ level: "info" }, { write: (line: string) => void logged.push(line) })
const open = (more?: Parameters<typeof settings>[0]) =>
  createEnvironmentFiles({ config: { roleEnvironments: settings(more) }, log })
const plain = async (variables: Promise<ReadonlyMap<string, { reveal(): string }>>) =>
  Object.fromEntries([...(await variables)].map(([name, value]) => [name, value.reveal()]))

describe("an environment file", () => {
  it("has a variable a line, as it is or quoted", () => {
    const text = [
      "\ufeff# for everybody",
      "LOG_LEVEL=info",
      "",
      "  export DB_HOST = postgresql.default.svc ",
      "DB_PASSWORD='p#ss $word\"'",
      'GREETING="say \\"hi\\" for \\$5 \\\\o/"  # with words',
      "EMPTY=",
      "NOTHING= # but words",
      "URL=postgres://u:p@h/d#fragment # and words",
      "FLAGS=dev,staging\r",
      "LOG_LEVEL=debug",
    ].join("\n")
    const faults: string[] = []
    expect(parseEnvironmentFile("a.env", text, faults)).toEqual({
      LOG_LEVEL: "debug",
      DB_HOST: "postgresql.default.svc",
      DB_PASSWORD: 'p#ss $word"',
      GREETING: 'say "hi" for $5 \\o/',
      EMPTY: "",
      NOTHING: "",
      URL: "postgres://u:p@h/d#fragment",
      FLAGS: "dev,staging",
    })
    expect(faults).toEqual([])
  })

  it("is refused with all its faults, by file and line, and none of its values", () => {
    const text = "PATH=/canary\nOK=1\nLD_PRELOAD=canary\nA='canary\nB=can\u001bary\ncanary\nsk-canary/x=1\nhome=canary"
    const faults: string[] = []
    parseEnvironmentFile("admin.env", text, faults)
    expect(faults).toEqual([
      "admin.env, line 1: PATH decides how the agent's programs run and cannot be set",
      "admin.env, line 3: LD_PRELOAD decides how the agent's programs run and cannot be set",
      "admin.env, line 4: A has a quote that is not closed",
      "admin.env, line 5: B has a control character in its value",
      "admin.env, line 6: not of the form NAME=value",
      "admin.env, line 7: what stands before the = is not a name of an environment variable",
      "admin.env, line 8: home decides how the agent's programs run and cannot be set",
    ])
    parseEnvironmentFile("big.env", `A=${"x".repeat(70_000)}`, faults)
    expect(faults.at(-1)).toBe("big.env: more than 64 KiB")
  })

  it.each(["PATH", "LD_LIBRARY_PATH", "HOME", "SHELL", "USER", "PWD"])("cannot set %s", (name) => {
    const faults: string[] = []
    expect(parseEnvironmentFile("a.env", `${name}=x`, faults)).toEqual({})
    expect(faults).toHaveLength(1)
  })
})

describe("the start", () => {
  const profile = (name: string) => ({
    profiles: {
      p: {
        runtime_auth_resolvers: { r: { command: "r" } },
        environment_files: [name],
        default_binding: { type: "model_provider", runtime_auth_resolver: "r", provider: "m" },
      },
    },
  })

  it("tells the faults of all files and of all who refer to them together", () => {
    write("default.env", "PATH=x")
    write("admin.env", "A=1\nnothing")
    write("notes.txt", "PATH=not a file of ours")
    const roleEnvironments = settings({ selectable: ["database.env", "admin.env"] })
    expect(environmentFileFaults({ roleEnvironments, file: { credentials: profile("other.env") } }).sort()).toEqual([
      "admin.env, line 2: not of the form NAME=value",
      'credentials.profiles.p.environment_files: "other.env" is not in roleEnvFiles.files',
      "default.env, line 1: PATH decides how the agent's programs run and cannot be set",
      'roleEnvFiles.selectable: "database.env" is not in roleEnvFiles.files',
    ])
  })

  it("wants the files where a profile names one, and a directory that is there", () => {
    const off = { roleEnvironments: undefined, file: { credentials: profile("a.env") } }
    expect(environmentFileFaults(off)).toEqual([
      'credentials.profiles.p.environment_files: "a.env" needs roleEnvFiles.enabled',
    ])
    const gone = { ...settings(), directory: join(directory, "gone") }
    expect(environmentFileFaults({ roleEnvironments: gone, file: {} })[0]).toContain("cannot be read (ENOENT)")
    expect(environmentFileFaults({ roleEnvironments: undefined, file: {} })).toEqual([])
  })
})

describe("the environment of a role", () => {
  it("is default.env and the role's file over it", async () => {
    write("default.env", "LOG_LEVEL=info\nDB_PORT=5432")
    write("developer.env", "LOG_LEVEL=debug")
    expect(await plain(open().forRole("developer"))).toEqual({ LOG_LEVEL: "debug", DB_PORT: "5432" })
    expect(await plain(open().forRole("member"))).toEqual({ LOG_LEVEL: "info", DB_PORT: "5432" })
    expect(await plain(open({ loadDefault: false }).forRole("developer"))).toEqual({ LOG_LEVEL: "debug" })
    const off = createEnvironmentFiles({ config: { roleEnvironments: undefined }, log })
    expect(await plain(off.forRole("developer"))).toEqual({})
  })

  it.each(["../secret", "a/b", "", "..", "a b"])("is nothing of another place for a role %j", async (role) => {
    write("secret.env", "A=canary")
    expect(await plain(open({ loadDefault: false }).forRole(role))).toEqual({})
  })

  it("is read anew; a file that got a fault stays as it was, and the log names the line once and no value", async () => {
    write("default.env", "A=one")
    const files = open()
    expect(await plain(files.forRole("x"))).toEqual({ A: "one" })
    write("default.env", "A=two")
    expect(await plain(files.forRole("x"))).toEqual({ A: "two" })
    write("default.env", "A=canary\nPATH=canary")
    expect(await plain(files.forRole("x"))).toEqual({ A: "two" })
    await files.forRole("x")
    expect(logged.filter((line) => line.includes("default.env, line 2: PATH"))).toHaveLength(1)
    expect(logged.join("")).not.toContain("canary")
    write("default.env", "A=three")
    expect(await plain(files.forRole("x"))).toEqual({ A: "three" })
  })

  it("shows no value when it is printed", async () => {
    write("default.env", "A=canary")
    expect(JSON.stringify([...(await open().forRole("x"))])).not.toContain("canary")
  })
})

describe("a file of its own name", () => {
  const choicesOf = (files: ReturnType<typeof open>) => {
    const exposure = () => ({ profile: null, binding: null, environmentFiles: [], variables: [] })
    return createSessionChoices({ profiles: { check: () => undefined, exposure }, environmentFiles: files })
  }
  const choose = (files: ReturnType<typeof open>, ...environmentFiles: string[]) =>
    choicesOf(files).check({ environmentFiles })

  it("can be chosen where the operator offers it; the message lists what is offered", async () => {
    write("admin.env", "A=1")
    write("database.env", "B=1")
    write("api-keys.env", "C=1")
    const files = open({ selectable: ["database.env", "api-keys.env", "gone.env"] })
    await choose(files, "database.env", "api-keys.env")
    await expect(choose(files, "database.env", "admin.env", "x.env")).rejects.toThrow(
      'environmentFiles: "admin.env", "x.env" cannot be chosen; choose from api-keys.env, database.env.',
    )
    await expect(choose(open(), "database.env")).rejects.toThrow("there are none")
  })

  it("is told of by the names of its variables; one that cannot be read adds none", async () => {
    write("default.env", "D=canary")
    write("member.env", "M=canary\nD=canary")
    write("database.env", "B=canary")
    const choices = choicesOf(open({ selectable: ["database.env", "gone.env"] }))
    const told = await choices.exposure({ environmentFiles: ["database.env"], environment: { E: "canary" } }, "member")
    expect(told).toEqual({ profile: null, binding: null, exposed: ["B", "D", "E", "M"] })
    expect(await choices.exposure({ environmentFiles: ["gone.env"] }, "x")).toMatchObject({ exposed: ["D"] })
  })

  it("is refused to a session that chose it, once the operator does not offer it any more", async () => {
    write("a.env", "A=1")
    write("b.env", "B=1")
    expect(await plain(open({ selectable: ["a.env"] }).readChosen(["a.env"]))).toEqual({ A: "1" })
    for (const files of [open({ selectable: ["a.env"] }), open()]) {
      await expect(files.readChosen(["b.env"])).rejects.toMatchObject({
        code: "forbidden",
        message: expect.stringMatching(/"b\.env" cannot be chosen any more.*roleEnvFiles\.selectable/),
      })
    }
    expect(await plain(open().readChosen([]))).toEqual({})
  })

  it("is refused when it no longer exists", async () => {
    write("a.env", "A=1\nB=1")
    write("b.env", "B=2")
    expect(await plain(open().read(["a.env", "b.env"]))).toEqual({ A: "1", B: "2" })
    await expect(open().read(["gone.env"])).rejects.toMatchObject({ code: "forbidden" })
    await expect(open().read(["../a.env"])).rejects.toMatchObject({ code: "forbidden" })
  })
})
