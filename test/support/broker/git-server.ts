import { execFileSync, spawn } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { afterAll } from "vitest"
import { removeScratch, scratchDirectory } from "../scratch.ts"

export interface GitServer {
  /** `127.0.0.1:port`. */
  readonly host: string
  readonly seen: { method: string; url: string; authorization: string | undefined }[]
  /** Runs git in a bare repository of the server. */
  git(repository: string, ...args: string[]): string
  /** Makes a branch whose tree has these submodules (path to address), each at `main` of `team/other`. */
  addSubmodules(repository: string, branch: string, submodules: Record<string, string>): void
  /** Makes another repository; `files` are those of its `main` beside README.md. */
  addRepository(repository: string, files?: Record<string, string>): void
  /** Answers a request itself and returns true, before git would. */
  intercept(handler: (request: IncomingMessage, response: ServerResponse) => boolean): void
}

/** Bare repositories in a scratch directory, and what answers git's requests for them. */
export interface GitHost extends Pick<GitServer, "git" | "addSubmodules" | "addRepository"> {
  handler(request: IncomingMessage, response: ServerResponse): void
  remove(): void
}

/** The repositories `team/app` and `team/other` behind `git http-backend`. */
export function createGitHost(): GitHost {
  const root = scratchDirectory("git")
  for (const name of ["team/app", "team/other"]) makeRepository(root, name)
  const inRepository = (repository: string, ...args: string[]) =>
    execFileSync("git", ["--git-dir", join(root, `${repository}.git`), ...args], { encoding: "utf8" }).trim()
  return {
    handler: (request, response) => runBackend(root, request, response),
    git: inRepository,
    addRepository: (repository, files) => makeRepository(root, repository, files),
    addSubmodules(repository, branch, submodules) {
      const work = join(root, "work", "submodules")
      mkdirSync(work, { recursive: true })
      const entries = Object.entries(submodules)
      const sections = entries.map(([path, url]) => `[submodule "${path}"]\n\tpath = ${path}\n\turl = ${url}\n`)
      writeFileSync(join(work, ".gitmodules"), sections.join(""))
      const git = (...args: string[]) =>
        inRepository(repository, "--work-tree", work, "-c", "user.name=Test", "-c", "user.email=t@example.com", ...args)
      git("read-tree", "--empty")
      git("add", ".gitmodules")
      const commit = inRepository("team/other", "rev-parse", "main")
      for (const [path] of entries) git("update-index", "--add", "--cacheinfo", `160000,${commit},${path}`)
      git("update-ref", `refs/heads/${branch}`, git("commit-tree", git("write-tree"), "-m", "with submodules"))
    },
    remove: () => removeScratch(root),
  }
}

/** A real git host over HTTP. */
export async function startGitServer(): Promise<GitServer> {
  const host = createGitHost()
  const seen: GitServer["seen"] = []
  let intercept: (request: IncomingMessage, response: ServerResponse) => boolean = () => false
  const server = createServer((request, response) => {
    seen.push({ method: request.method ?? "", url: request.url ?? "", authorization: request.headers.authorization })
    if (!intercept(request, response)) host.handler(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  afterAll(() => {
    server.closeAllConnections()
    server.close()
    host.remove()
  })
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    git: host.git,
    addSubmodules: host.addSubmodules,
    addRepository: host.addRepository,
    intercept: (handler) => {
      intercept = handler
    },
  }
}

function makeRepository(root: string, name: string, files: Record<string, string> = {}): void {
  const bare = join(root, `${name}.git`)
  const work = join(root, "work", name)
  mkdirSync(work, { recursive: true })
  const env = { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null" }
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", work, "-c", "user.name=Test", "-c", "user.email=test@example.com", ...args], {
      env,
      stdio: "pipe",
    })
  git("init", "--quiet", "--initial-branch=main")
  writeFileSync(join(work, "README.md"), `# ${name}\n`)
  for (const [path, text] of Object.entries(files)) writeFileSync(join(work, path), text)
  git("add", ".")
  git("commit", "--quiet", "-m", "first")
  git("branch", "feature/x")
  git("tag", "v1")
  execFileSync("git", ["clone", "--quiet", "--bare", work, bare], { env, stdio: "pipe" })
  execFileSync("git", ["--git-dir", bare, "config", "http.receivepack", "true"])
}

/** One request through the CGI program that git ships. */
function runBackend(root: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "http://git")
  const child = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env["PATH"],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      REQUEST_METHOD: request.method,
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      HTTP_GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
      ...(request.headers["content-length"] === undefined ? {} : { CONTENT_LENGTH: request.headers["content-length"] }),
    },
    stdio: ["pipe", "pipe", "ignore"],
  })
  child.stdin.on("error", () => {})
  request.pipe(child.stdin)
  let head = Buffer.alloc(0)
  child.stdout.on("data", (chunk: Buffer) => {
    if (response.headersSent) return void response.write(chunk)
    head = Buffer.concat([head, chunk])
    const end = head.indexOf("\r\n\r\n")
    if (end < 0) return
    const lines = head.toString("latin1", 0, end).split("\r\n")
    const headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
    )
    response.writeHead(Number.parseInt(headers["Status"] ?? "200", 10), headers)
    response.write(head.subarray(end + 4))
  })
  child.once("close", () => response.end())
}
