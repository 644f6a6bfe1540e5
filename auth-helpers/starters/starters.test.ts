import { execFileSync } from "node:child_process"
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"
import { runHelper } from "../sidecar/run-helper.ts"

const STARTERS = import.meta.dirname
const directory = mkdtempSync(join(tmpdir(), "berth-starters-"))
afterAll(() => rmSync(directory, { recursive: true }))

/** Runs a starter as the sidecar does; `tools` stand in front of the image's programs. */
async function run(name: string, environment: Record<string, string> = {}, tools: Record<string, string> = {}) {
  const body = execFileSync("cat", [join(STARTERS, name)], { encoding: "utf8" })
  for (const [tool, script] of [
    [name, body],
    ...Object.entries(tools).map(([tool, text]) => [tool, `#!/bin/sh\n${text}\n`]),
  ]) {
    writeFileSync(join(directory, tool ?? ""), script ?? "")
    chmodSync(join(directory, tool ?? ""), 0o755)
  }
  return await runHelper([name], { directory, environment, log: (line) => logged.push(line) })
}
const logged: string[] = []

it("the template fails until it is edited", async () => {
  await expect(run("fetch-token-example")).rejects.toThrow("failed with status 1")
  expect(logged.at(-1)).toContain("unconfigured template")
})

it("a static token and a file are printed; what is missing is named", async () => {
  expect(await run("fetch-static-token", { STATIC_TOKEN: "tok" })).toBe("tok")
  await expect(run("fetch-static-token")).rejects.toThrow("failed with status")
  expect(logged.at(-1)).toContain("STATIC_TOKEN must be set")
  const file = join(directory, "secret")
  writeFileSync(file, "from-a-file\n")
  expect(await run("fetch-secret-file-token", { TOKEN_FILE: file })).toBe("from-a-file")
  await expect(run("fetch-secret-file-token", { TOKEN_FILE: join(directory, "none") })).rejects.toThrow(
    "failed with status 1",
  )
})

it("a token is taken out of a service's JSON; a service that fails is a failure", async () => {
  const environment = { TOKEN_URL: "http://tokens.example.com" }
  expect(await run("fetch-command-token", environment, { curl: `echo '{"ttl": 1, "token" : "t-1"}'` })).toBe("t-1")
  await expect(run("fetch-command-token", environment, { curl: "exit 22" })).rejects.toThrow("printed nothing")
})

it("STS gives the session token of the role", async () => {
  const environment = { AWS_ROLE_ARN: "arn:aws:iam::1:role/r", AWS_WEB_IDENTITY_TOKEN_FILE: "/token" }
  const aws = `case "$*" in *"--role-arn arn:aws:iam::1:role/r"*"file:///token"*) echo sts-1;; *) exit 9;; esac`
  expect(await run("fetch-sts-token", environment, { aws })).toBe("sts-1")
})

it("Google's token comes from gcloud with impersonation, else from the metadata server", async () => {
  const gcloud = `[ "$3" = "--impersonate-service-account=sa@p" ] && echo gc-1`
  expect(await run("fetch-gcp-token", { VERTEX_SA: "sa@p" }, { gcloud })).toBe("gc-1")
  const curl = `case "$*" in *Metadata-Flavor*/token) echo '{"access_token":"md-1","expires_in":3599}';; *) exit 9;; esac`
  expect(await run("fetch-gcp-token", {}, { curl })).toBe("md-1")
})

it("every starter is plain POSIX shell", () => {
  const names = readdirSync(STARTERS).filter((name) => name.startsWith("fetch-"))
  expect(names).toHaveLength(6)
  for (const name of names) execFileSync("sh", ["-n", join(STARTERS, name)])
})
