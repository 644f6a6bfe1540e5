import { describe, expect, it } from "vitest"
import { parseRepository, withoutUserInfo } from "../../../../pod-protocol/git-address.ts"
import { createGitCredentials } from "./credentials.ts"
import { addressOf, readOperation } from "./operation.ts"
import { createGitPolicy } from "./policy.ts"
import { createRedirects, movedPrefix } from "./redirects.ts"

describe("a repository's address", () => {
  it.each([
    ["https://github.com/team/app.git", "github.com", "team/app"],
    ["https://github.com/team/app/", "github.com", "team/app"],
    ["https://GitHub.com/Team/App", "github.com", "Team/App"],
    ["http://git.example.com:8080/app.git", "git.example.com:8080", "app"],
    ["ssh://git@github.com:22/team/app.git", "github.com", "team/app"],
    ["git@github.com:team/app.git", "github.com", "team/app"],
    ["github.com:team/app", "github.com", "team/app"],
    ["https://user:secret@github.com/team/app", "github.com", "team/app"],
  ])("%s is %s and %s", (address, host, path) => {
    expect(parseRepository(address)).toEqual({ host, path })
  })

  it.each([
    "",
    "/srv/app.git",
    "file:///srv/app.git",
    "ext::sh -c id",
    "https://github.com",
    "https://github.com/",
    "https:///app",
    "https://github.com/a%2f..%2fb",
    "https://github.com/a//b",
    "git@github.com:",
    "-oProxyCommand=x",
    "https://github.com/a%00b",
  ])("%j is none", (address) => {
    expect(parseRepository(address)).toBeNull()
  })

  it("is shown to pods without a user name and password", () => {
    expect(withoutUserInfo("https://user:secret@github.com/team/app.git")).toBe("https://github.com/team/app.git")
    expect(withoutUserInfo("git@github.com:team/app.git")).toBe("git@github.com:team/app.git")
  })
})

describe("git's smart protocol", () => {
  const read = (method: string, path: string) => {
    const url = new URL(`http://x${path}`)
    return readOperation(method, url.pathname, url.searchParams)
  }

  it.each([
    ["GET", "/team/app.git/info/refs?service=git-upload-pack", "git-upload-pack", true],
    ["GET", "/team/app/info/refs?service=git-receive-pack", "git-receive-pack", true],
    ["POST", "/team/app.git/git-upload-pack", "git-upload-pack", false],
    ["POST", "/team/app.git/git-receive-pack", "git-receive-pack", false],
  ])("is %s %s", (method, path, service, advertisement) => {
    expect(read(method, path)).toMatchObject({ service, advertisement, repository: "team/app" })
  })

  it.each([
    ["GET", "/team/app.git/info/refs"],
    ["GET", "/team/app.git/info/refs?service=git-upload-archive"],
    ["GET", "/team/app.git/info/refs?service=git-upload-pack&x=1"],
    ["GET", "/team/app.git/info/refs?service=git-upload-pack&service=git-receive-pack"],
    ["GET", "/team/app.git/HEAD"],
    ["GET", "/team/app.git/git-upload-pack"],
    ["POST", "/team/app.git/info/lfs/objects/batch"],
    ["POST", "/team/app.git/git-upload-pack?x=1"],
    ["PUT", "/team/app.git/git-receive-pack"],
    ["POST", "/git-upload-pack"],
    ["POST", "/team/..%2fother/git-upload-pack"],
    ["POST", "/team/app%00/git-upload-pack"],
    ["GET", "/api/v3/user"],
    ["GET", "//team/app.git/info/refs?service=git-upload-pack"],
    ["POST", "//team/app.git/git-receive-pack"],
    ["POST", "/\\team/app.git/git-receive-pack"],
  ])("is not %s %s", (method, path) => {
    expect(read(method, path)).toBeNull()
  })
})

it("a path stays a path of the host, however it begins", () => {
  const origin = new URL("https://github.com")
  expect(addressOf(origin, "//evil.example.com/app.git", "/git-upload-pack").host).toBe("github.com")
  expect(addressOf(origin, "/@evil.example.com/app.git", "/git-upload-pack").host).toBe("github.com")
})

describe("what a session may use", () => {
  const policy = createGitPolicy({ "git.example.com:8080": { scheme: "http" }, "GitHub.com": { scheme: "https" } })
  const own = "https://github.com/team/app.git"
  const ask = (host: string, repository: string, session: { url: string; submodules: boolean } | null, push = false) =>
    policy.authorize({ host, repository, service: push ? "git-receive-pack" : "git-upload-pack" }, session)
  const allowed = (host: string, repository: string, url = own, submodules = false) => {
    const { origin, withCredential } = ask(host, repository, { url, submodules })
    return `${origin.href} ${withCredential}`
  }

  it("is its own repository, over https unless the host is configured otherwise", () => {
    expect(allowed("github.com", "team/app")).toBe("https://github.com/ true")
    expect(allowed("git.example.com:8080", "app", "http://git.example.com:8080/app.git")).toBe(
      "http://git.example.com:8080/ true",
    )
    expect(allowed("gitlab.com", "a/b", "git@gitlab.com:a/b.git")).toBe("https://gitlab.com/ true")
  })

  it.each([
    ["github.com", "team/other"],
    ["github.com", "Team/app"],
    ["github.com", "team/app/sub"],
    ["github.com:443", "team/app"],
    ["git.example.com:8080", "team/app"],
    ["evil.example.com", "team/app"],
    ["github.com@evil.example.com", "team/app"],
    ["github.com/..", "team/app"],
  ])("is not %s %s", (host, repository) => {
    expect(() => ask(host, repository, { url: own, submodules: false })).toThrow("may use github.com/team/app only")
  })

  it("is nothing without a repository", () => {
    expect(() => ask("github.com", "team/app", null)).toThrow("no repository")
    expect(policy.hostsOf(null)).toEqual(["git.example.com:8080", "github.com"])
    expect(policy.hostsOf("git@gitlab.com:a/b")).toEqual(["git.example.com:8080", "github.com", "gitlab.com"])
  })

  it("is with submodules also what lies beside it, with its credential, and what is public on the hosts, to read", () => {
    expect(allowed("github.com", "team/lib", own, true)).toBe("https://github.com/ true")
    expect(allowed("github.com", "other/lib", own, true)).toBe("https://github.com/ false")
    expect(allowed("github.com", "team/deep/lib", own, true)).toBe("https://github.com/ false")
    expect(allowed("git.example.com:8080", "team/lib", own, true)).toBe("http://git.example.com:8080/ false")
    const session = { url: own, submodules: true }
    for (const host of ["evil.example.com", "github.com:443", "github.com@evil.example.com"]) {
      expect(() => ask(host, "team/lib", session), host).toThrow("may use github.com/team/app only")
    }
    expect(() => ask("github.com", "team/lib", session, true)).toThrow("not be written")
    expect(ask("github.com", "team/app", session, true).withCredential).toBe(true)
  })
})

describe("the operator's token for a host", () => {
  const git = createGitCredentials({
    accounts: undefined,
    directory: "/nonexistent",
    hosts: {
      "git.example.com": {
        scheme: "https",
        allow: { roles: ["member", "admin"], repositories: ["team/*", "docs/**", "one/app"], push: false },
      },
      "open.example.com": { scheme: "https", allow: { roles: [], repositories: [] } },
    },
  })
  const withheld = (repository: string, role = "member", push = false, host = "git.example.com") =>
    git.withheld({ owner: { id: "u", role }, host, repository, service: push ? "git-receive-pack" : "git-upload-pack" })

  it.each(["team/app", "docs/a/b/c", "one/app"])("is for %s, to read", (repository) => {
    expect(withheld(repository)).toBeNull()
    expect(withheld(repository, "member", true)).toBe("push")
    expect(withheld(repository, "guest")).toBe("roles")
  })

  it.each(["team/a/b", "teams/app", "one/app2", "one.app", "x/team/app"])("is not for %s", (repository) => {
    expect(withheld(repository)).toBe("repositories")
  })

  it("is for everything where nothing is said", () => {
    expect(withheld("a/b", "guest", true, "open.example.com")).toBeNull()
    expect(withheld("a/b", "guest", true, "elsewhere.example.com")).toBeNull()
  })
})

describe("a moved repository", () => {
  const asked = new URL("https://github.com/old/name.git/info/refs?service=git-upload-pack")

  it.each([
    ["https://github.com/new/name.git/info/refs?service=git-upload-pack", "/new/name.git"],
    ["/new/name/info/refs", "/new/name"],
  ])("is followed to %s", (location, prefix) => {
    expect(movedPrefix(location, asked)).toBe(prefix)
  })

  it.each([
    undefined,
    "https://evil.example.com/new/name.git/info/refs",
    "http://github.com/new/name.git/info/refs",
    "https://github.com:8443/new/name.git/info/refs",
    "https://u:p@github.com/new/name.git/info/refs",
    "//evil.example.com/new/info/refs",
    "https://github.com//evil.example.com/new/info/refs",
    "/login",
    "javascript:alert(1)",
  ])("is not followed to %s", (location) => {
    expect(movedPrefix(location, asked)).toBeNull()
  })

  it("is remembered for its session alone, for an hour", () => {
    let now = 0
    const redirects = createRedirects({ now: () => now, sleep: async () => {} })
    redirects.remember("ses_1", "https://github.com", "/old", "/new")
    expect(redirects.find("ses_1", "https://github.com", "/old")).toBe("/new")
    expect(redirects.find("ses_2", "https://github.com", "/old")).toBe("/old")
    expect(redirects.find("ses_1", "https://gitlab.com", "/old")).toBe("/old")
    now = 3_600_001
    expect(redirects.find("ses_1", "https://github.com", "/old")).toBe("/old")
  })
})
