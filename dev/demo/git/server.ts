import { spawn } from "node:child_process"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { readHead } from "./cgi.ts"

const head_bytes_max = 64 * 1024

/** Smart HTTP for the bare repositories in `root`, through git's own CGI program. Anyone may read and push. */
export function createGitServer({ root, log }: { root: string; log: (line: string) => void }): Server {
  return createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://git")
    if (url.pathname === "/healthz") return response.end("ok\n")
    response.on("close", () => log(`${request.method} ${url.pathname}${url.search} ${response.statusCode}`))
    serve(request, response, url, root, log)
  })
}

function environment(request: IncomingMessage, url: URL, root: string): NodeJS.ProcessEnv {
  const header = (name: string) => {
    const value = request.headers[name]
    return Array.isArray(value) ? value.join(",") : (value ?? "")
  }
  return {
    PATH: process.env.PATH,
    HOME: "/nonexistent",
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: "1",
    REQUEST_METHOD: request.method,
    PATH_INFO: decodeURIComponent(url.pathname),
    QUERY_STRING: url.search.slice(1),
    REMOTE_ADDR: request.socket.remoteAddress,
    CONTENT_TYPE: header("content-type"),
    HTTP_CONTENT_ENCODING: header("content-encoding"),
    GIT_PROTOCOL: header("git-protocol"),
    ...(request.headers["content-length"] ? { CONTENT_LENGTH: request.headers["content-length"] } : {}),
  }
}

function serve(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  root: string,
  log: (line: string) => void,
) {
  const child = spawn("git", ["http-backend"], {
    env: environment(request, url, root),
    stdio: ["pipe", "pipe", "pipe"],
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => log(text.trimEnd()))
  child.stdin.on("error", () => {}) // it ends early when it refuses a request; its answer says why
  request.pipe(child.stdin)
  response.on("close", () => child.kill())
  child.on("error", (error) => {
    log(error.message)
    response.writeHead(500).end()
  })
  let pending = Buffer.alloc(0)
  const onHead = (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk])
    const head = readHead(pending)
    if (!head && pending.length < head_bytes_max) return
    child.stdout.off("data", onHead)
    if (!head) return void response.writeHead(502).end()
    response.writeHead(head.status, head.headers)
    response.write(head.rest)
    child.stdout.pipe(response)
  }
  child.stdout.on("data", onHead)
  child.on("close", () => {
    if (!response.headersSent) response.writeHead(502).end()
  })
}
