import type { IncomingMessage } from "node:http"
import type { Scope } from "./permissions.ts"

/** The role that administers: users, providers, the audit log. */
export const ADMINISTRATOR = "admin"
/** The role that may look and not write. Every other name is a member's. */
export const READ_ONLY = "readonly"

/** The principal that every request is made by, however it signed in. */
export interface Principal {
  readonly userId: string
  readonly email: string
  readonly name: string
  readonly role: string
  readonly method: "password" | "oidc" | "header" | "token"
  /** The login (cookie) or token behind it, for revocation and for the audit log. */
  readonly loginId: string | null
}

/** What a request proved itself with: a browser's login, an API token, an operator's key, a proxy's header. */
export type ProofKind = "login" | "token" | "key" | "header"

/** Who a request is by, and how far that reaches. */
export interface Authentication {
  readonly kind: ProofKind
  readonly principal: Principal
  /** What an API token was made for; null where the role alone decides. */
  readonly scopes: readonly Scope[] | null
  /** True when browsers send the proof by themselves (a cookie, a proxy's header): other sites' requests carry it too. */
  readonly ambient: boolean
  /** True for a browser that signed in with a password that has to be replaced: it may do that and nothing else. */
  readonly mustChangePassword?: boolean
  /** When the proof itself ends, in milliseconds since the epoch; null or absent: not by itself. */
  readonly expiresAt?: number | null
}

/** Where a request came from, for limits and for the record. */
export interface Visitor {
  readonly address: string
  readonly userAgent: string
  readonly requestId: string
}

/** What the sign-in page shows for one way in. */
export interface Offer {
  readonly id: string
  /** `form`: e-mail and password are asked for; `redirect`: a link to `path`. */
  readonly kind: "form" | "redirect"
  readonly label: string
  /** Relative to the path prefix; only with `redirect`. */
  readonly path: string | null
}

/** One way in which a request proves who it is by. */
export interface SignInMethod {
  readonly kind: ProofKind
  /** Null when the request does not even try. @throws AppError `unauthenticated` when it tries and fails */
  authenticate(request: IncomingMessage, visitor: Visitor): Promise<Authentication | null>
  /** Whether each of its authentications still holds. Asked every few seconds about open streams. */
  stillValid(authentications: readonly Authentication[]): Promise<readonly boolean[]>
}

/** A login just made: what goes into the cookie, which is nowhere else. */
export interface NewLogin {
  readonly id: string
  readonly token: string
  readonly expiresAt: number
}

/** A signed-in browser, as its owner sees it. Times are milliseconds since the epoch. */
export interface LoginView {
  readonly id: string
  readonly method: string
  readonly userAgent: string
  readonly address: string
  readonly createdAt: number
  readonly lastSeenAt: number
  readonly current: boolean
}
