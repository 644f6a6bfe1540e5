import { readFile } from "node:fs/promises"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { extname, join, normalize } from "node:path"
import { Administration } from "./administration.ts"
import { ScriptedAgent } from "./agent.ts"
import { handleApi } from "./api.ts"
import { Account } from "./people.ts"
import { seed } from "./seed.ts"
import { createStore, type Store } from "./store.ts"
import { stream } from "./streams.ts"

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
}
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"

export interface ScriptedOptions {
  /** Where the built UI is. */
  readonly directory: string
  /** Ends with a slash. */
  readonly prefix?: string
  /** 1 is as a person would see it, 0 as fast as possible. */
  readonly speed?: number
  /** Starts without any session. */
  readonly empty?: boolean
  readonly port?: number
}

export interface ScriptedServer {
  readonly url: string
  readonly store: Store
  readonly account: Account
  readonly administration: Administration
  /** How many event streams are open. */
  streams(): number
  /** Cuts every open connection, and refuses new ones until `mend`. */
  cut(): void
  mend(): void
  close(): Promise<void>
}

/**
 * A server that speaks the API of the control plane to one user, with a scripted agent behind it. It is for trying the
 * UI out and for its browser tests; nothing of it is in any image. Password: `berth`.
 */
export async function startScriptedServer(options: ScriptedOptions): Promise<ScriptedServer> {
  const { directory, prefix = "/", speed = 1, empty = false, port = 0 } = options
  const store = createStore(Date.now)
  seed(store, Date.now(), empty)
  const agent = new ScriptedAgent(store, Date.now, speed)
  const account = new Account(Date.now())
  const administration = new Administration(Date.now())
  let broken = false
  const streams = new Set<ServerResponse>()
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost")
    if (broken) return void request.socket.destroy()
    if (!url.pathname.startsWith(prefix)) return void response.writeHead(404).end()
    const path = url.pathname.slice(prefix.length)
    if (path === "api/stream" && request.headers.cookie?.includes("berth=1")) {
      streams.add(response)
      response.on("close", () => streams.delete(response))
      return stream(request, response, store, url.searchParams.get("sessions") ?? "")
    }
    const handled = path.startsWith("api/")
      ? handleApi(request, response, { store, agent, account, administration, url, path: path.slice(4) })
      : file(request, response, directory, path, prefix)
    handled.catch((error: unknown) => response.writeHead(500).end(String(error)))
  })
  await listen(server, port)
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}${prefix}`,
    store,
    account,
    administration,
    streams: () => streams.size,
    cut() {
      broken = true
      server.closeAllConnections()
    },
    mend() {
      broken = false
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve) => server.listen(port, "127.0.0.1", resolve))
}

async function file(
  _request: IncomingMessage,
  response: ServerResponse,
  directory: string,
  path: string,
  prefix: string,
): Promise<void> {
  const name = extname(path) === "" ? "index.html" : normalize(path)
  try {
    const content = await readFile(join(directory, name))
    const body =
      name === "index.html" ? content.toString().replace('<base href="/"', `<base href="${prefix}"`) : content
    response
      .writeHead(200, {
        "content-type": TYPES[extname(name)] ?? "application/octet-stream",
        "content-security-policy": POLICY,
      })
      .end(body)
  } catch {
    response.writeHead(404).end()
  }
}
