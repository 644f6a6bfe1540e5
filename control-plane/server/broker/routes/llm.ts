import type { IncomingMessage } from "node:http"
import { requestHeaders, responseHeaders } from "../../../../pod-protocol/headers.ts"
import { HELPER_TOKEN_HEADER } from "../../../../pod-protocol/index.ts"
import type { BodyWatch, RelayOptions } from "../../../../pod-protocol/relay.ts"
import {
  type Injector,
  isAuthenticated,
  isSigned,
  type ModelRequests,
  type Profiles,
  type Providers,
  withCredential,
} from "../../credentials/index.ts"
import { Secret } from "../../crypto/index.ts"
import { AppError } from "../../errors/index.ts"
import type { Usage } from "../../usage/index.ts"
import { type Caller, type CallerSession, sessionOf } from "../identity/callers.ts"
import type { Notices } from "../notices.ts"
import type { Dialer } from "../upstream/dial.ts"
import { forward, type Passage } from "../upstream/forward.ts"
import type { HeldBodies } from "../upstream/held-bodies.ts"
import { watchStream } from "../upstream/stream-end.ts"
import type { Uses } from "../uses.ts"

// Pictures travel inside of prompts, in base64.
const BODY_BYTES_MAX = 64 * 1024 * 1024

const DECODINGS_MAX = 3
const ASKED_CHARACTERS_SHOWN = 200

/** `/v1/llm/:provider/*`: a model request with the real key put in. `rest` begins with a slash. */
export function createLlmRoute(options: {
  providers: Providers
  profiles: Profiles
  requests: ModelRequests
  injector: Injector
  bodies: HeldBodies
  dialer: Dialer
  usage: Usage
  uses: Uses
  notices: Notices
}) {
  const { providers, profiles, requests, injector, bodies, dialer, usage, uses, notices } = options
  return async (caller: Caller, passage: Passage, provider: string, rest: string, search: URLSearchParams) => {
    const session = sessionOf(caller)
    const { request } = passage
    const { method = "" } = request
    const stored = await providers.access(provider)
    if (stored === undefined) throw new AppError("not_found", `There is no model provider "${provider}".`)
    const url = upstreamUrl(stored.definition.upstream, rest, search)
    if (!requests.allows(stored.definition, { method, path: rest, search: url.searchParams })) {
      const asked = describe(method, rest, url.searchParams)
      uses.modelRefused(session, provider, asked)
      throw new AppError(
        "forbidden",
        `${asked} is not a model request, so it is not sent to "${provider}". ` +
          `An operator can allow it with broker.allowedModelRequests.${provider}.`,
      )
    }
    const isHelped = isHelpers(profiles, session, provider)
    const access = isHelped ? { ...stored, key: new Secret(helperToken(request, provider)) } : stored
    if (isAuthenticated(access)) uses.model(session, provider)
    const count = (failed: boolean, bytes: number) =>
      usage.count({ sessionId: session.id, userId: session.owner.id, provider, failed, bytes })
    const held = isSigned(access) ? await bodies.read(session.id, request) : null
    let stream: BodyWatch | undefined
    try {
      const headers = requestHeaders(request.headers)
      // Nothing here keeps the bytes themselves: a long answer outlives them.
      const signed = await withCredential(
        access,
        { method, url, headers, ...(held && { body: held.bytes() }) },
        injector,
      )
      const to = { ...signed, ...(held && { body: held }), sessionId: session.id }
      const result = await forward(passage, dialer, to, {
        body_bytes_max: BODY_BYTES_MAX,
        answer(response) {
          const answered = answer(response)
          stream = answered.watch
          return answered
        },
      })
      count(result.status >= 400, result.bytes)
    } catch (error) {
      count(true, 0)
      if (stream?.isWhole() === false) notices.answerTruncated(session, provider)
      throw error
    } finally {
      held?.release()
    }
  }
}

/** A request without the values of its query, as an operator would allow it. */
function describe(method: string, path: string, search: URLSearchParams): string {
  const names = [...search.keys()].join("&")
  return `${method} ${path}${names === "" ? "" : "?"}${names}`.slice(0, ASKED_CHARACTERS_SHOWN)
}

/** True when the session's profile binds the provider to a helper: then no stored key stands in for its token. */
function isHelpers(profiles: Profiles, session: CallerSession, provider: string): boolean {
  return profiles.plan(session).resolvers.some((resolver) => resolver.provider === provider)
}

function helperToken(request: IncomingMessage, provider: string): string {
  const token = request.headers[HELPER_TOKEN_HEADER]
  if (typeof token === "string" && token !== "") return token
  const message = `The profile's auth helper has not given a token for "${provider}" yet.`
  throw new AppError("unavailable", message, { retryAfter_s: 2 })
}

/**
 * The provider's own address with what the SDK appended. It can lead nowhere but below that address: the path is
 * normalised already, and dots that only the upstream would decode are refused.
 */
export function upstreamUrl(upstream: string, rest: string, search: URLSearchParams): URL {
  if (leadsUpwards(rest)) throw new AppError("invalid_request", "The path may not lead upwards.")
  const url = new URL(upstream + rest)
  const query = new URLSearchParams(search)
  // Google's SDKs can carry the key here; ours comes in a header.
  query.delete("key")
  url.search = query.toString()
  return url
}

/** Also for servers that decode twice, or cut parameters off a segment (`..;x`) before they resolve the dots. */
function leadsUpwards(path: string): boolean {
  let decoded = path
  for (let round = 0; round < DECODINGS_MAX; round++) {
    if (decoded.split(/[/\\]/).some((segment) => /^\.\.\s*(;|$)/.test(segment))) return true
    try {
      decoded = decodeURIComponent(decoded)
    } catch {
      // A percent sign of its own ("100%25") is nothing that anybody could decode once more.
      if (round > 0) return false
      throw new AppError("invalid_request", "The path is not valid.")
    }
  }
  return false
}

function answer(response: IncomingMessage): ReturnType<RelayOptions["answer"]> {
  const status = response.statusCode ?? 502
  if (status >= 300 && status < 400 && status !== 304) {
    throw new AppError(
      "upstream_refused",
      "The model provider answered with a redirect, which is not followed. Set its final address.",
    )
  }
  const watch = watchStream(response)
  return { status, headers: responseHeaders(response.headers), ...(watch && { watch }) }
}
