import { describe, expect, it } from "vitest"
import { checkEnvironment, checkRepository, titleFrom } from "./input.ts"

const refused = (run: () => void): string => {
  try {
    run()
    return ""
  } catch (error) {
    return (error as Error).message
  }
}

describe("a title from the first prompt", () => {
  it("is its first line with words in it, shortened", () => {
    expect(titleFrom("\n  Fix   the build \nnow")).toBe("Fix the build")
    expect(titleFrom("x".repeat(200))).toHaveLength(80)
    expect(titleFrom(undefined)).toBe("New session")
    expect(titleFrom(" \n ")).toBe("New session")
  })
})

describe("the environment of a session", () => {
  it("takes ordinary names and values, tabs and line-free text", () => {
    expect(refused(() => checkEnvironment({ API_URL: "https://example.com", _x1: "a\tb", EMPTY: "" }))).toBe("")
  })

  it.each([
    "PATH",
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "HOME",
    "SHELL",
    "USER",
    "PWD",
    "path",
    "BERTH_X",
    "NODE_OPTIONS",
    "BASH_ENV",
    "LOGNAME",
    "OLDPWD",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_COUNT",
  ])("refuses %s, and does not repeat its value", (name) => {
    const message = refused(() => checkEnvironment({ [name]: "hush" }))
    expect(message).toContain(name)
    expect(message).not.toContain("hush")
  })

  it("refuses control characters and what is no name", () => {
    for (const value of ["a\nb", "a\0b", "\u001b[0m", "a\rb"]) {
      expect(refused(() => checkEnvironment({ A: value }))).toContain("control character")
    }
    for (const name of ["", "1A", "A-B", "A=B", "A B", "Ä"]) {
      expect(refused(() => checkEnvironment({ [name]: "x" }))).toContain("not a name")
    }
  })

  it("has a limit in all", () => {
    expect(refused(() => checkEnvironment({ A: "x".repeat(70_000) }))).toContain("64 KiB")
  })
})

describe("a repository's address", () => {
  it.each([
    "https://github.com/acme/app.git",
    "https://git.example.com:8443/a/b/c",
    "http://git.local/app",
    "ssh://git@github.com/acme/app.git",
    "git@github.com:acme/app.git",
  ])("takes %s", (url) => {
    expect(refused(() => checkRepository({ url }))).toBe("")
  })

  it.each([
    "file:///etc/passwd",
    "/etc/passwd",
    "../x",
    "ext::sh -c id",
    "https://user:password@github.com/a/b",
    "https://ghp_token@github.com/a/b",
    "https://github.com",
    "--upload-pack=x",
    "-oProxyCommand=x@host:path",
    "git@host:/-x y",
    "https://github.com/a b",
    "javascript:alert(1)",
    "",
  ])("refuses %s", (url) => {
    expect(refused(() => checkRepository({ url }))).toContain("repository.url")
  })

  it("takes branches, tags and commits and refuses what git would take for something else", () => {
    const url = "https://github.com/a/b"
    for (const ref of ["main", "feature/x", "v1.2.3", "0123abcd"]) {
      expect(refused(() => checkRepository({ url, ref }))).toBe("")
    }
    for (const ref of ["-x", "a..b", "a b", "a:b", "a^", "x.lock", "@{-1}", "a\nb"]) {
      expect(refused(() => checkRepository({ url, ref }))).toContain("repository.ref")
    }
  })
})
