import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { cloneFailure, submoduleFailure } from "./clone-failures.ts"
import { environmentFile } from "./environment.ts"
import { gitconfig } from "./gitconfig.ts"

function inDirectory<T>(work: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), "berth-init-"))
  try {
    return work(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** What git itself reads out of a configuration. */
function readBack(text: string, ...args: string[]): string {
  return inDirectory((directory) => {
    writeFileSync(join(directory, "gitconfig"), text)
    return execFileSync("git", ["config", "--file", join(directory, "gitconfig"), ...args], { encoding: "utf8" }).trim()
  })
}

const identity = { name: "Ada", email: "ada@example.com" }
const SIDECAR = "http://127.0.0.1:7070"

describe("the git configuration", () => {
  it("sends every form of every host's address through the sidecar", () => {
    const text = gitconfig(
      { git: { identity, hosts: ["github.com", "git.example.com:8443"] }, repository: null },
      SIDECAR,
    )
    expect(readBack(text, "--get-all", "url.http://127.0.0.1:7070/git/github.com/.insteadOf").split("\n")).toEqual([
      "https://github.com/",
      "http://github.com/",
      "ssh://git@github.com/",
      "ssh://github.com/",
      "git@github.com:",
    ])
    expect(
      readBack(text, "--get-all", "url.http://127.0.0.1:7070/git/git.example.com:8443/.insteadOf").split("\n"),
    ).toEqual([
      "https://git.example.com:8443/",
      "http://git.example.com:8443/",
      "ssh://git@git.example.com/",
      "ssh://git.example.com/",
      "git@git.example.com:",
    ])
  })

  it("knows the port of an ssh address that the session was made with", () => {
    const repository = { url: "ssh://git@git.example.com:2222/team/app.git", ref: null, depth: null, submodules: false }
    const text = gitconfig({ git: { identity, hosts: ["git.example.com"] }, repository }, SIDECAR)
    expect(readBack(text, "--get-all", "url.http://127.0.0.1:7070/git/git.example.com/.insteadOf")).toContain(
      "ssh://git@git.example.com:2222/",
    )
  })

  it.each(['Ada "the first" Lovelace', "back\\slash", "# not a comment; nor this", "[core]", "  spaces  ", "Ünïcode"])(
    "keeps a person's name as it is: %s",
    (name) => {
      const text = gitconfig({ git: { identity: { ...identity, name }, hosts: [] }, repository: null }, SIDECAR)
      expect(readBack(text, "user.name")).toBe(name.trim())
    },
  )

  it("lets no name start a line of its own", () => {
    const name = 'x"\n[core]\n\tsshCommand = "touch /tmp/owned'
    const text = gitconfig({ git: { identity: { ...identity, name }, hosts: [] }, repository: null }, SIDECAR)
    expect(readBack(text, "--list", "--name-only").split("\n")).not.toContain("core.sshcommand")
  })
})

describe("the environment file", () => {
  it.each(["plain", "it's", '$(touch x) `y` \\ "z"', "two\nlines", "", "'''"])(
    "gives the shell the value as it is: %j",
    (value) => {
      inDirectory((directory) => {
        writeFileSync(join(directory, "environment"), environmentFile({ VALUE: value }))
        const shown = execFileSync("sh", ["-c", `. ${directory}/environment; printf %s "$VALUE"`], { encoding: "utf8" })
        expect(shown).toBe(value)
      })
    },
  )

  it.each([
    "PATH",
    "LD_PRELOAD",
    "HOME",
    "BASH_ENV",
    "OPENCODE_CONFIG",
    "BERTH_SIDECAR_URL",
    "GIT_CONFIG_GLOBAL",
    "a-b",
    "1A",
    "A B",
    "",
  ])("refuses the name %j", (name) => {
    expect(() => environmentFile({ [name]: "x" })).toThrow("may not set")
  })
})

describe("a failed clone", () => {
  const URL = "https://git.example.com/team/app"
  it.each([
    [
      "clone_refused",
      "remote: You may not.\nfatal: unable to access 'http://…': The requested URL returned error: 403",
      "You may not.",
    ],
    ["clone_not_found", "remote: There is none.\nfatal: repository 'https://…/' not found", "There is none."],
    [
      "clone_ref_not_found",
      "warning: Could not find remote branch x to clone.\nfatal: Remote branch x not found in upstream origin",
      "Remote branch x",
    ],
    [
      "host_unreachable",
      "remote: git.example.com cannot be reached: getaddrinfo ENOTFOUND.\nfatal: unable to access: The requested URL returned error: 502",
      "ENOTFOUND",
    ],
    ["clone_refused", "fatal: transport 'ssh' not allowed", "transport 'ssh' not allowed"],
    ["clone_failed", "fatal: early EOF", "early EOF"],
    ["clone_failed", "", "no reason"],
  ])("is %s when git says so", (code, stderr, words) => {
    const failure = cloneFailure(stderr, URL)
    expect(failure.code).toBe(code)
    expect(failure.message).toContain(URL)
    expect(failure.message).toContain(words)
  })

  it("is a full disk before it is anything else", () => {
    const failure = cloneFailure(
      "error: copy-fd: write returned: No space left on device\nfatal: cannot copy: returned error: 403",
      URL,
    )
    expect(failure.code).toBe("disk_full")
  })
})

describe("a submodule that cannot be cloned", () => {
  it("is named, with the words of who refused it", () => {
    const failure = submoduleFailure(
      "remote: You may not read it.\nfatal: unable to access 'http://…': The requested URL returned error: 403\n" +
        "fatal: clone of 'https://git.example.com/team/lib' into submodule path '/workspace/x/lib' failed",
      "https://git.example.com/team/app",
    )
    expect(failure).toMatchObject({
      code: "clone_refused",
      message:
        "The submodule https://git.example.com/team/lib of https://git.example.com/team/app cannot be cloned: You may not read it.",
    })
  })

  it("is told to lie at another host when git may not go there", () => {
    const stderr =
      "fatal: transport 'https' not allowed\nfatal: clone of 'https://elsewhere.example.com/lib' into submodule path '/x' failed"
    expect(submoduleFailure(stderr, "https://git.example.com/team/app")).toMatchObject({
      code: "clone_refused",
      message: expect.stringContaining("https://elsewhere.example.com/lib of https://git.example.com/team/app cannot"),
    })
    expect(submoduleFailure(stderr, "x").message).toContain("git.hosts")
  })
})
