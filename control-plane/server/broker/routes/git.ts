import type { IncomingMessage, OutgoingHttpHeaders } from "node:http"
import { requestHeaders, responseHeaders } from "../../../../auth-helpers/protocol/headers.ts"
import type { AccountAccess } from "../../credentials/index.ts"
import { AppError, isAppError } from "../../errors/index.ts"
import type { GitCredential, GitCredentials } from "../git/credentials.ts"
import { addressOf, type GitOperation, readOperation } from "../git/operation.ts"
import type { GitPolicy } from "../git/policy.ts"
import { movedPrefix, type Redirects } from "../git/redirects.ts"
import { ELSEWHERE, explainRefusal, HostSaidNo, REFUSALS } from "../git/refusals.ts"
import { type Caller, sessionOf } from "../identity/callers.ts"
import type { Notices } from "../notices.ts"
import type { Dialer } from "../upstream/dial.ts"
import { forward, type Passage } from "../upstream/forward.ts"
import type { Uses } from "../uses.ts"

const REDIRECTS_MAX = 3

export interface GitRouteOptions {
  readonly policy: GitPolicy
  readonly credentials: GitCredentials
  readonly redirects: Redirects
  readonly dialer: Dialer
  readonly uses: Uses
  readonly notices: Notices
  /** Absent where no kind of account can be linked. */
  readonly accounts: Pick<AccountAccess, "explain" | "refused" | "canLink"> | undefined
}

/** `ANY /v1/git/:host/*`: git's smart HTTP to the session's repository, packs streamed both ways. */
export function createGitRoute(options: GitRouteOptions) {
  const { policy, credentials, uses, notices, accounts } = options
  return async (
    caller: Caller,
    passage: Passage,
    host: string,
    rest: string,
    search: URLSearchParams,
  ): Promise<void> => {
    const session = sessionOf(caller)
    const operation = readOperation(passage.request.method ?? "", rest, search)
    if (operation === null) {
      throw new AppError(
        "forbidden",
        "Only git's smart HTTP protocol passes here (fetch and push; no Git LFS, no web pages).",
      )
    }
    const { service, repository, advertisement } = operation
    try {
      const { origin, withCredential } = policy.authorize({ host, repository, service }, session.repository)
      const use = { owner: session.owner, host, repository, service }
      const credential = withCredential ? await credentials.find(use) : null
      const authorization = credential === null ? {} : { authorization: credential.authorization.reveal() }
      const headers = { ...requestHeaders(passage.request.headers), ...authorization }
      const denied = withCredential ? credentials.withheld(use) : ELSEWHERE
      const exchange = { passage, operation, host, origin, headers, credential, denied }
      await followed(options, session.id, exchange).catch(async (error: unknown) => {
        throw error instanceof HostSaidNo
          ? await explainRefusal(accounts, session.owner.id, exchange, error.status)
          : error
      })
      // A fetch or push begins with one advertisement: that one is told.
      if (advertisement && credential !== null)
        uses.git(session, "ok", { host, repository, service, as: credential.source })
    } catch (error) {
      if (isAppError(error, "forbidden")) uses.git(session, "refused", { host, repository, service })
      if (isAppError(error, "forbidden") || isAppError(error, "not_found")) notices.gitRefused(session, error.message)
      throw error
    }
  }
}

interface Exchange {
  readonly passage: Passage
  readonly operation: GitOperation
  readonly host: string
  readonly origin: URL
  readonly headers: OutgoingHttpHeaders
  readonly credential: GitCredential | null
  readonly denied: string | null
}

/** Thrown by the answer hook, so that the relay stops before anything is sent. */
class Moved {
  readonly prefix: string
  constructor(prefix: string) {
    this.prefix = prefix
  }
}

async function followed({ dialer, redirects }: GitRouteOptions, sessionId: string, exchange: Exchange): Promise<void> {
  const { operation, origin, passage, headers } = exchange
  let prefix = redirects.find(sessionId, origin.origin, operation.prefix)
  for (let hops = 0; hops <= REDIRECTS_MAX; hops++) {
    const url = addressOf(origin, prefix, operation.suffix)
    try {
      await forward(passage, dialer, { url, headers }, { answer: (response) => answer(response, url, exchange) })
      return
    } catch (error) {
      if (!(error instanceof Moved)) throw error
      prefix = error.prefix
      redirects.remember(sessionId, origin.origin, operation.prefix, prefix)
    }
  }
  throw new AppError("upstream_refused", `${exchange.host} redirects in a circle.`)
}

function answer(
  response: IncomingMessage,
  asked: URL,
  exchange: Exchange,
): { status: number; headers: OutgoingHttpHeaders } {
  const status = response.statusCode ?? 502
  const { host, operation } = exchange
  if (status >= 300 && status < 400) {
    const prefix = operation.advertisement ? movedPrefix(response.headers.location, asked) : null
    if (prefix !== null) throw new Moved(prefix)
    throw new AppError(
      "forbidden",
      `${host} redirects ${operation.repository} to another place, which is not followed.`,
    )
  }
  if (REFUSALS.includes(status)) throw new HostSaidNo(status)
  return { status, headers: responseHeaders(response.headers) }
}
