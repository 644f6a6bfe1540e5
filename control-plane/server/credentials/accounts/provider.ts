import type { Secret } from "../../crypto/index.ts"

/** What a git host gives for an account. Times are milliseconds since the epoch; null means that it does not end. */
export interface AccountTokens {
  readonly access: Secret
  readonly accessExpiresAt: number | null
  readonly refresh: Secret | null
  readonly refreshExpiresAt: number | null
}

/** Who the account is, for people and for commits. */
export interface AccountIdentity {
  /** The host's own lasting id. */
  readonly subject: string
  readonly login: string
  readonly name: string
  readonly email: string
}

/** How the app that accounts are linked through stands with one repository. */
export type Installation =
  | { readonly state: "missing" }
  | { readonly state: "suspended" }
  | { readonly state: "installed"; readonly mayWrite: boolean }

/** A request of the host as it came: nothing of it may be believed yet. */
export interface SignedRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

/** What a host tells by itself. */
export type HostEvent =
  | { readonly kind: "revoked"; readonly subject: string }
  | { readonly kind: "installation"; readonly action: string; readonly account: string }
  | { readonly kind: "other" }

/** One telling; a repeat has the same id. */
export interface Delivery {
  readonly id: string
  readonly event: HostEvent
}

/**
 * A kind of git host that accounts can be linked at (OAuth 2.0 with PKCE). Another one is another folder beside
 * `github/`. Methods throw `HostRefused` for a refusal that will stay, and other errors for trouble that may pass.
 */
export interface AccountProvider {
  /** Names it in addresses: `github`. */
  readonly id: string
  /** The git host, as it stands in repository addresses. */
  readonly host: string
  authorizeUrl(request: { state: string; challenge: string; redirectUri: string }): URL
  /** Turns the code of the callback into tokens. */
  exchange(request: { code: string; verifier: string; redirectUri: string }): Promise<AccountTokens>
  refresh(refresh: Secret): Promise<AccountTokens>
  identify(access: Secret): Promise<AccountIdentity>
  /** Ends what the user allowed, at the host: all of it, with every token that came of it, or this token alone. */
  revoke(access: Secret, what: "grant" | "token"): Promise<void>
  /** Whether the host takes a token that has not run out. */
  accepts(access: Secret): Promise<boolean>
  /** Where the owner of a repository lets the app in; null when the host knows no such thing, or it is not known. */
  readonly installUrl: string | null
  /** @param repository its path at the host; null when the host knows no such thing, or cannot be asked */
  installation(repository: string): Promise<Installation | null>
  /** @throws AppError `not_found` where nothing is told, `unauthenticated` for what is not the host's, `invalid_request` */
  readDelivery(request: SignedRequest): Promise<Delivery>
  /** The `Authorization` header of git requests. */
  gitAuthorization(access: Secret): Secret
}

/** The host says no, and will say so again: a used or withdrawn code or token, wrong client credentials. */
export class HostRefused extends Error {
  /** The host's own error code. */
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.name = "HostRefused"
    this.code = code
  }
}
