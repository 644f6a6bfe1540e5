import type { IncomingMessage, OutgoingHttpHeaders } from "node:http"
import { requestHeaders, responseHeaders } from "../../../../pod-protocol/headers.ts"
import type { AccountAccess } from "../../credentials/index.ts"
import { AppError, isAppError } from "../../errors/index.ts"
import type { Begun } from "../git/begun.ts"
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
  readonly begun: Begun
  readonly dialer: Dialer
  readonly uses: Uses
  readonly notices: Notices
  /** Absent where no kind of account can be linked. */
  readonly accounts: Pick<AccountAccess, "explain" | "refused" | "canLink"> | undefined
}

/** `ANY /v1/git/:host/*`: git's smart HTTP to the session's repository, packs streamed both ways. */
export function createGitRoute(options: GitRouteOptions) {
  const { policy, credentials, begun, uses, notices, accounts } = options
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
    const { service, repository } = operation
    const wanted = { host, repository, service }
    let facts: Parameters<Uses["git"]>[2] = wanted
    let isUse = false
    try {
      const { origin, withCredential } = policy.authorize(wanted, session.repository)
      const use = { owner: session.owner, ...wanted }
      const credential = withCredential ? await credentials.find(use) : null
      if (credential !== null) {
        facts = { ...wanted, as: credential.source }
        isUse = begun.isFirst(session.id, host, operation, bodyBytesOf(passage.request))
      }
      const authorization = credential === null ? {} : { authorization: credential.authorization.reveal() }
      const headers = { ...requestHeaders(passage.request.headers), ...authorization }
      const denied = withCredential ? credentials.withheld(use) : ELSEWHERE
      const exchange = { passage, operation, host, origin, headers, credential, denied }
      await followed(options, session.id, exchange).catch(async (error: unknown) => {
        throw error instanceof HostSaidNo
          ? await explainRefusal(accounts, session.owner.id, exchange, error.status)
          : error
      })
      if (isUse) uses.git(session, "ok", facts)
    } catch (error) {
      if (isAppError(error, "forbidden") || isAppError(error, "not_found")) {
        uses.git(session, "refused", facts)
        notices.gitRefused(session, error.message)
        // The host may have done what was asked, and only its answer was lost.
      } else if (isUse) uses.git(session, "failed", facts)
      throw error
    }
  }
}

/** Null when it is sent in pieces, or not a number. */
function bodyBytesOf({ headers }: IncomingMessage): number | null {
  const length = Number(headers["content-length"] ?? Number.NaN)
  return Number.isNaN(length) ? null : length
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
      await forward(
        passage,
        dialer,
        { url, headers, sessionId },
        { answer: (response) => answer(response, url, exchange) },
      )
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
