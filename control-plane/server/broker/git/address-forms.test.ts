import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { gitconfig } from "../../../../data-plane-init/workspace/gitconfig.ts"
import { parseRepository, plainAddress } from "../../../../pod-protocol/git-address.ts"
import { checkRepository } from "../../sessions/input.ts"
import { readOperation } from "./operation.ts"
import { createGitPolicy } from "./policy.ts"

/** Addresses as hosts' own buttons and documentation give them, and the repository that each means over https. */
const FORMS: readonly (readonly [address: string, host: string, path: string])[] = [
  // GitHub
  ["https://github.com/team/app", "github.com", "team/app"],
  ["https://github.com/team/app.git", "github.com", "team/app"],
  ["https://github.com/team/app/", "github.com", "team/app"],
  ["https://GitHub.com/team/app", "github.com", "team/app"],
  ["HTTPS://github.com/team/app", "github.com", "team/app"],
  ["https://github.com:443/team/app", "github.com", "team/app"],
  ["https://ada@github.com/team/app.git", "github.com", "team/app"],
  ["https://github.com/team/app.wiki.git", "github.com", "team/app.wiki"],
  ["git@github.com:team/app.git", "github.com", "team/app"],
  ["git@GitHub.com:team/app.git", "github.com", "team/app"],
  ["git@github.com:/team/app.git", "github.com", "team/app"],
  ["org-123456@github.com:team/app.git", "github.com", "team/app"],
  ["ssh://git@github.com/team/app.git", "github.com", "team/app"],
  ["ssh://git@github.com:22/team/app.git", "github.com", "team/app"],
  ["ssh://git@ssh.github.com:443/team/app.git", "github.com", "team/app"],
  ["ssh://github.com/team/app", "github.com", "team/app"],
  // GitHub Enterprise Cloud with data residency, and Server
  ["https://my-org.ghe.com/team/app.git", "my-org.ghe.com", "team/app"],
  ["my-org@my-org.ghe.com:team/app.git", "my-org.ghe.com", "team/app"],
  ["my_org_1234@my-org.ghe.com:team/app.git", "my-org.ghe.com", "team/app"],
  ["git@GIT.example.com:team/app.git", "git.example.com", "team/app"],
  ["https://git.example.com:8443/team/app.git", "git.example.com:8443", "team/app"],
  // GitLab
  ["https://gitlab.com/group/sub/deep/app.git", "gitlab.com", "group/sub/deep/app"],
  ["git@gitlab.com:group/sub/app.git", "gitlab.com", "group/sub/app"],
  ["ssh://git@altssh.gitlab.com:443/group/app.git", "gitlab.com", "group/app"],
  ["ssh://git@gitlab.example.com:2222/group/app.git", "gitlab.example.com", "group/app"],
  ["https://gitlab.example.com/group/app.wiki.git", "gitlab.example.com", "group/app.wiki"],
  ["https://Gitlab.Example.com/Group/App.git", "gitlab.example.com", "Group/App"],
  // Bitbucket Cloud
  ["https://bitbucket.org/team/app.git", "bitbucket.org", "team/app"],
  ["https://ada@bitbucket.org/team/app.git", "bitbucket.org", "team/app"],
  ["git@bitbucket.org:team/app.git", "bitbucket.org", "team/app"],
  ["ssh://git@bitbucket.org/team/app.git", "bitbucket.org", "team/app"],
  ["ssh://git@altssh.bitbucket.org:443/team/app.git", "bitbucket.org", "team/app"],
  // Bitbucket Data Center
  ["https://bitbucket.example.com/scm/proj/app.git", "bitbucket.example.com", "scm/proj/app"],
  ["https://ada@bitbucket.example.com/scm/proj/app.git", "bitbucket.example.com", "scm/proj/app"],
  ["ssh://git@bitbucket.example.com:7999/proj/app.git", "bitbucket.example.com", "scm/proj/app"],
  ["ssh://git@bitbucket.example.com:7999/~ada/app.git", "bitbucket.example.com", "scm/~ada/app"],
  ["https://bitbucket.example.com/scm/~ada/app.git", "bitbucket.example.com", "scm/~ada/app"],
  // Azure DevOps
  ["https://dev.azure.com/contoso/Web/_git/app", "dev.azure.com", "contoso/Web/_git/app"],
  ["https://contoso@dev.azure.com/contoso/Web/_git/app", "dev.azure.com", "contoso/Web/_git/app"],
  [
    "https://contoso@dev.azure.com/contoso/My%20Project/_git/My%20Repo",
    "dev.azure.com",
    "contoso/My Project/_git/My Repo",
  ],
  ["git@ssh.dev.azure.com:v3/contoso/Web/app", "dev.azure.com", "contoso/Web/_git/app"],
  ["git@ssh.dev.azure.com:v3/contoso/My%20Project/My%20Repo", "dev.azure.com", "contoso/My Project/_git/My Repo"],
  ["ssh://git@ssh.dev.azure.com/v3/contoso/Web/app", "dev.azure.com", "contoso/Web/_git/app"],
  ["contoso@vs-ssh.visualstudio.com:v3/contoso/Web/app", "dev.azure.com", "contoso/Web/_git/app"],
  ["contoso@ssh.visualstudio.com:v3/contoso/Web/app", "dev.azure.com", "contoso/Web/_git/app"],
  ["https://contoso.visualstudio.com/Web/_git/app", "contoso.visualstudio.com", "Web/_git/app"],
  [
    "https://contoso.visualstudio.com/DefaultCollection/Web/_git/app",
    "contoso.visualstudio.com",
    "DefaultCollection/Web/_git/app",
  ],
  // Gitea and Forgejo
  ["https://gitea.example.com/team/app.git", "gitea.example.com", "team/app"],
  ["gitea@gitea.example.com:team/app.git", "gitea.example.com", "team/app"],
  ["ssh://gitea@gitea.example.com:2222/team/app.git", "gitea.example.com", "team/app"],
  ["forgejo@codeberg.org:team/app.git", "codeberg.org", "team/app"],
  ["https://codeberg.org/team/app.git", "codeberg.org", "team/app"],
  ["http://git.local:3000/team/app.git", "git.local:3000", "team/app"],
  ["http://Git.Local:3000/team/app.git", "git.local:3000", "team/app"],
  // Gerrit
  ["https://gerrit.example.com/team/app", "gerrit.example.com", "team/app"],
  ["https://ada@gerrit.example.com/a/team/app", "gerrit.example.com", "a/team/app"],
  ["ssh://ada@gerrit.example.com:29418/team/app", "gerrit.example.com", "team/app"],
  // AWS CodeCommit
  [
    "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/app",
    "git-codecommit.eu-west-1.amazonaws.com",
    "v1/repos/app",
  ],
  [
    "ssh://git-codecommit.eu-west-1.amazonaws.com/v1/repos/app",
    "git-codecommit.eu-west-1.amazonaws.com",
    "v1/repos/app",
  ],
  [
    "ssh://APKAEXAMPLE@git-codecommit.eu-west-1.amazonaws.com/v1/repos/app",
    "git-codecommit.eu-west-1.amazonaws.com",
    "v1/repos/app",
  ],
  ["codecommit::eu-west-1://app", "git-codecommit.eu-west-1.amazonaws.com", "v1/repos/app"],
  ["codecommit::eu-west-1://profile@app", "git-codecommit.eu-west-1.amazonaws.com", "v1/repos/app"],
  // Names of every kind
  ["https://bücher.example.com/team/app", "xn--bcher-kva.example.com", "team/app"],
  ["https://git_internal.example.com/team/app", "git_internal.example.com", "team/app"],
  ["https://git.example.com/team/%C3%BCber.git", "git.example.com", "team/über"],
  ["git@git.example.com:~ada/app.git", "git.example.com", "~ada/app"],
  ["https://sr.ht/~ada/app", "sr.ht", "~ada/app"],
]

const folder = mkdtempSync(join(tmpdir(), "berth-forms-"))
afterAll(() => rmSync(folder, { recursive: true }))

/** Where the pod's own git goes for an address, with the configuration of a session on this repository. */
function whereGitGoes(address: string, hosts: readonly string[]): string {
  const repository = { url: address, ref: null, depth: null, submodules: false }
  const file = join(folder, "gitconfig")
  const identity = { name: "Ada", email: "ada@example.com" }
  writeFileSync(file, gitconfig({ git: { hosts: [...hosts], identity }, repository }, "http://127.0.0.1:7070"))
  const env = { PATH: process.env["PATH"], GIT_CONFIG_GLOBAL: file, GIT_CONFIG_NOSYSTEM: "1" }
  return execFileSync("git", ["ls-remote", "--get-url", address], { env, encoding: "utf8" }).trim()
}

test.each(FORMS)("%s means one repository to API, broker, pod and submodules", (address, host, path) => {
  const { url } = checkRepository({ url: address })
  expect(url).not.toMatch(/^https?:\/\/[^/]*@/)
  // Stored with or without its user name, as an older version did.
  for (const stored of [url, address]) expect(parseRepository(stored)).toEqual({ host, path })
  const policy = createGitPolicy({})
  const scheme = policy.authorize({ host, repository: path, service: "git-upload-pack" }, { url, submodules: false })
  expect(scheme.origin.host).toBe(host)
  const plain = plainAddress(url)
  expect(parseRepository(plain)).toEqual({ host, path })
  expect(plainAddress(plain)).toBe(plain)
  const sidecar = new URL(`${whereGitGoes(plain, policy.hostsOf(url))}/info/refs?service=git-upload-pack`)
  expect(sidecar.origin).toBe("http://127.0.0.1:7070")
  const prefix = `/git/${host}`
  expect(sidecar.pathname.startsWith(`${prefix}/`)).toBe(true)
  const asked = readOperation("GET", sidecar.pathname.slice(prefix.length), sidecar.searchParams)
  expect(asked?.repository).toBe(path)
})

test.each([
  "https://ada:secret@bitbucket.org/team/app.git",
  "https://x-token-auth:secret@bitbucket.org/team/app.git",
  "https://ghp_0123456789@github.com/team/app.git",
  "https://oauth2@gitlab.com/team/app.git",
])("a password or token in %s is refused, with what to do instead", (url) => {
  expect(() => checkRepository({ url })).toThrow(/Link an account .+ git\.hosts/)
})

test.each([
  "https://[2001:db8::1]/team/app",
  "git@[2001:db8::1]:team/app",
  "git@ssh.dev.azure.com:team/app",
  "git://github.com/team/app",
  "codecommit://app",
  "https://github.com/team/../other/app/..%2f",
])("%s is refused when the session is made", (url) => {
  expect(() => checkRepository({ url })).toThrow("repository.url")
})
