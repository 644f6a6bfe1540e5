import { createServer, type IncomingMessage, type Server } from "node:http"
import { join } from "node:path"
import { ensureSampleRepository } from "../../../dev/demo/git/repository.ts"
import { createGitServer } from "../../../dev/demo/git/server.ts"
import { createModelServer } from "../../../dev/demo/model/server.ts"
import { repositoryRoot } from "../../../scripts/lib/paths.ts"
import { type Listening, listen } from "./host-services.ts"

/** A request as it arrived: what somebody outside of the installation gets to see. */
export interface Arrival {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage["headers"]
}

export interface Upstream extends Listening {
  /** Oldest first. */
  readonly arrivals: readonly Arrival[]
}

export interface ModelUpstream extends Upstream {
  /** Keys that are taken from now on, by the first segment of the path (`/demo/v1/…`); others get 401. */
  accept(keys: Readonly<Record<string, string>>): void
}

/**
 * Model providers on this machine, one for each first segment of the path: the demo model behind a key that can change,
 * and what a careless provider does besides: it shows requests to TRACE and redirects to `redirectTo`.
 */
export async function startModels(address: string, redirectTo: string): Promise<ModelUpstream> {
  const arrivals: Arrival[] = []
  let accepted: Readonly<Record<string, string>> = {}
  const model = createModelServer({ key: "", log: () => {} })
  const server = createServer((request, response) => {
    arrivals.push(arrivalOf(request))
    const [, provider = "", rest = ""] = /^\/([^/]+)(\/.*)$/.exec(request.url ?? "") ?? []
    if (request.method === "TRACE") return response.end(JSON.stringify(request.headers))
    if (request.headers.authorization !== `Bearer ${accepted[provider]}`) {
      return response
        .writeHead(401, { "content-type": "application/json" })
        .end('{"error":{"message":"a key is needed"}}')
    }
    if (rest.endsWith("/redirect")) return response.writeHead(307, { location: redirectTo }).end()
    request.url = rest
    model.emit("request", request, response)
  })
  const listening = await listen(server, address)
  return {
    ...listening,
    arrivals,
    accept: (keys) => {
      accepted = keys
    },
  }
}

/** A git host on this machine that wants a token for everything; `repositories` are copies of the sample. */
export async function startGitHost(options: {
  address: string
  directory: string
  token: string
  repositories: readonly string[]
}): Promise<Upstream> {
  const { address, directory, token, repositories } = options
  for (const name of repositories) {
    ensureSampleRepository(join(directory, `${name}.git`), join(repositoryRoot, "dev", "demo", "sample"))
  }
  const arrivals: Arrival[] = []
  const git = createGitServer({ root: directory, log: () => {} })
  const expected = `Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`
  const server = createServer((request, response) => {
    arrivals.push(arrivalOf(request))
    if (request.headers.authorization !== expected) {
      return response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end("a token is needed\n")
    }
    git.emit("request", request, response)
  })
  return { ...(await listen(server, address)), arrivals }
}

/** A host of the attacker's: answers everything with 200 and remembers it. */
export async function startTrap(address: string): Promise<Upstream> {
  const arrivals: Arrival[] = []
  const server: Server = createServer((request, response) => {
    arrivals.push(arrivalOf(request))
    response.end("thank you\n")
  })
  return { ...(await listen(server, address)), arrivals }
}

function arrivalOf({ method = "", url = "", headers }: IncomingMessage): Arrival {
  return { method, url, headers }
}
