import { AuthorizationResponseError, ClientError, ResponseBodyError } from "openid-client"
import { AppError, isAppError } from "../../errors/index.ts"
import { StaleTransaction } from "./transaction.ts"

/** Why a sign-in over the provider failed, by a name that stays, and what an operator does about it. */
const FAILURES = {
  provider_unreachable:
    "The control plane cannot reach oidc.issuer. Check its address, DNS, egress policies, proxies and the certificate authority.",
  wrong_metadata:
    "The metadata at <oidc.issuer>/.well-known/openid-configuration names another issuer, or is none. Set oidc.issuer to exactly what it says.",
  client_refused:
    "The provider does not accept this client. Compare oidc.clientId, the client secret, oidc.tokenEndpointAuthMethod and oidc.publicClient with what is registered there.",
  client_secret_missing: "Put the client's secret into the Secret that oidc.clientSecret names.",
  code_refused:
    "The provider does not take the code: it was used twice, is too old, or the redirect address or PKCE is not as registered. A single one is a reloaded page.",
  provider_refused:
    "The provider said no, see its error code. invalid_scope: compare oidc.scopes; unauthorized_client: register the redirect address.",
  person_refused: "The person went back, or the provider's own rules keep them out.",
  not_begun_here:
    "The browser did not begin this sign-in, began it more than ten minutes ago, or comes back a second time. Single ones are old tabs; many from one address are an attack.",
  wrong_state: "The answer belongs to another sign-in. A single one is an old tab; many are an attack.",
  wrong_issuer:
    "The answer is of another issuer than oidc.issuer. Compare the two; if they should be the same, this may be a mix-up attack.",
  wrong_audience: "The ID token is for another client. Compare oidc.clientId.",
  wrong_nonce: "The ID token belongs to another sign-in: it is being replayed.",
  wrong_subject: "The provider's answers name two different people. Tell who runs the provider.",
  wrong_time: "The ID token is expired or not valid yet. Compare the clocks of both sides.",
  not_signed:
    "The ID token has no signature that counts. Have the provider sign it with RS256, ES256 or another asymmetric algorithm.",
  wrong_signature:
    "The ID token is not signed with a key of the provider's jwks_uri. Tell who runs the provider; it may be forged.",
  malformed: "The provider's answer is not what OpenID Connect says. See the error, and tell who runs the provider.",
  not_admitted: "The provider vouches for the person, but the rules here keep them out; see the detail.",
} as const

export type FailureName = keyof typeof FAILURES
export const FAILURE_NAMES = Object.keys(FAILURES) as FailureName[]

const NOT_TO_BE_TRUSTED: readonly FailureName[] = [
  "wrong_issuer",
  "wrong_audience",
  "wrong_subject",
  "not_signed",
  "wrong_signature",
]

/**
 * Whether what the provider said when it was asked again ends the sign-in: its own no, or an answer that vouches for
 * somebody else or for nobody. A provider that is away or in disorder ends nothing.
 */
export function endsSignIn(error: unknown): boolean {
  if (error instanceof ResponseBodyError && error.error === "invalid_grant") return true
  return NOT_TO_BE_TRUSTED.includes(nameOf(error))
}

/** The name of what went wrong, and what an operator does about it. */
export function explain(error: unknown): { why: FailureName; hint: string } {
  const why = nameOf(error)
  return { why, hint: FAILURES[why] }
}

function nameOf(error: unknown): FailureName {
  if (error instanceof StaleTransaction) return "not_begun_here"
  if (isAppError(error)) return error.code === "unavailable" ? unavailable(error) : "not_admitted"
  if (error instanceof AuthorizationResponseError) {
    return error.error === "access_denied" ? "person_refused" : "provider_refused"
  }
  if (error instanceof ResponseBodyError) {
    if (error.error === "invalid_client" || error.error === "unauthorized_client") return "client_refused"
    return error.error === "invalid_grant" ? "code_refused" : "provider_refused"
  }
  const words = wordsOf(error)
  const code = error instanceof ClientError ? error.code : undefined
  if (code === "OAUTH_WWW_AUTHENTICATE_CHALLENGE" || /WWW-Authenticate/i.test(words)) return "client_refused"
  if (code === "OAUTH_TIMEOUT" || isUnreachable(error)) return "provider_unreachable"
  if (code === "OAUTH_RESPONSE_IS_NOT_CONFORM" && statusOf(error) >= 500) return "provider_unreachable"
  if (code === "OAUTH_JWT_TIMESTAMP_CHECK_FAILED") return "wrong_time"
  if (code === "OAUTH_KEY_SELECTION_FAILED" || /signature verification failed/.test(words)) return "wrong_signature"
  return TOLD_BY.find(([pattern]) => pattern.test(words))?.[1] ?? "malformed"
}

/** Where the library has one code for several things, its words tell them apart. The tests hold each. */
const TOLD_BY: readonly (readonly [RegExp, FailureName])[] = [
  [/"(?:sub|iat|exp|iss|aud)" \([^)]*\) claim missing/, "malformed"],
  [/"alg"|unsupported operation|no signature/i, "not_signed"],
  [/"state"/, "wrong_state"],
  [/"aud"|"azp"/, "wrong_audience"],
  [/"nonce"/, "wrong_nonce"],
  [/"iss"/, "wrong_issuer"],
  [/"sub"/, "wrong_subject"],
]

function unavailable(error: AppError): FailureName {
  if (error.cause === undefined) return "client_secret_missing"
  const code = error.cause instanceof ClientError ? error.cause.code : undefined
  return code === "OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED" || code === "OAUTH_INVALID_RESPONSE"
    ? "wrong_metadata"
    : "provider_unreachable"
}

/** The words of an error and of what it came from. */
function wordsOf(error: unknown): string {
  const words: string[] = []
  for (let one = error; one instanceof Error; one = one.cause) words.push(one.message)
  return words.join("\n")
}

function statusOf(error: unknown): number {
  const { cause } = error as { cause?: unknown }
  return cause instanceof Response ? cause.status : 0
}

/** fetch fails with a TypeError whose cause is the system's error. */
function isUnreachable(error: unknown): boolean {
  for (let one = error; one instanceof Error; one = one.cause) {
    if (one instanceof TypeError && one.message === "fetch failed") return true
  }
  return false
}

/** Whatever went wrong on the way back from the provider, in words for the person; the details are for the log. */
export function toSignInError(error: unknown, why: FailureName): AppError {
  if (isAppError(error)) return error
  const because = (code: "unauthenticated" | "unavailable", message: string) =>
    new AppError(code, message, { cause: error, detail: why })
  switch (why) {
    case "person_refused":
      return because("unauthenticated", "The identity provider did not let you in, or you went back.")
    case "provider_unreachable":
      return because("unavailable", "The identity provider cannot be reached at the moment. Try again shortly.")
    case "provider_refused":
      return because(
        "unauthenticated",
        "The identity provider refused the sign-in. Tell an administrator if it happens again.",
      )
    case "client_refused":
      return because("unauthenticated", "The identity provider does not know this installation. Tell an administrator.")
    case "code_refused":
    case "wrong_state":
      return because("unauthenticated", "The identity provider did not accept this sign-in. Try again.")
    case "wrong_time":
      return because(
        "unauthenticated",
        "The identity provider's answer was too old. Try again, and tell an administrator if it happens again.",
      )
    default:
      return because(
        "unauthenticated",
        "The identity provider's answer could not be trusted. Try again, and tell an administrator if it happens again.",
      )
  }
}
