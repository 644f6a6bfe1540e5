import type { IncomingMessage } from "node:http"
import type { Audit } from "../audit/types.ts"
import type { Config } from "../config/types.ts"
import type { Database } from "../database/index.ts"
import { AppError } from "../errors/index.ts"
import type { Logger } from "../observability/index.ts"
import type { Clock } from "../time/index.ts"
import { createLoginCookie, type LoginCookie } from "./logins/cookie.ts"
import { createLogins, type Logins } from "./logins/index.ts"
import { createPasswordSignIn, ensureFirstAdministrator, type PasswordSignIn } from "./password/index.ts"
import type { Authentication, NewLogin, Offer, SignInMethod, Visitor } from "./types.ts"

export { authorize, PERMISSIONS, type Permission, SCOPES } from "./permissions.ts"
export { safeReturnPath } from "./return-path.ts"
export type { Authentication, LoginView, NewLogin, Offer, Visitor } from "./types.ts"

/** People: who they are, how they prove it, and the browsers they are signed in with. */
export interface Identity {
  /** Makes the first administrator when the database has no account with a password yet. */
  start(): Promise<void>
  /** What the sign-in page offers. */
  readonly offers: readonly Offer[]
  readonly cookie: LoginCookie
  readonly logins: Logins
  /** The one answer to "who is this?" for HTTP, event streams and WebSockets. Null: nobody. */
  authenticate(request: IncomingMessage, visitor: Visitor): Promise<Authentication | null>
  /** Whether each still holds. Asked every few seconds about open streams, in one query a kind. */
  stillValid(authentications: readonly Authentication[]): Promise<readonly boolean[]>
  /** @throws AppError `not_found` when passwords are off, `unauthenticated`, `too_many_requests` */
  signInWithPassword(
    input: { email: string; password: string },
    visitor: Visitor,
    previousToken: string | null,
  ): Promise<NewLogin>
}

export interface IdentityParts {
  readonly config: Config
  readonly database: Database
  readonly audit: Audit
  readonly log: Logger
  readonly clock: Clock
}

export function createIdentity(parts: IdentityParts): Identity {
  const { config, database, audit, log } = parts
  const cookie = createLoginCookie(config.file.public.tls)
  const logins = createLogins({ ...parts, cookie })
  const password: PasswordSignIn | null = config.file.passwordAuth.enabled ? createPasswordSignIn(parts) : null
  const methods: SignInMethod[] = [loginMethod(logins, password !== null)]

  return {
    cookie,
    logins,
    offers: methods.flatMap((method) => (method.offer ? [method.offer] : [])),
    async start() {
      if (password) await ensureFirstAdministrator({ database, audit, log, administrator: config.firstAdministrator })
    },
    async authenticate(request, visitor) {
      for (const method of methods) {
        const authentication = await method.authenticate?.(request, visitor)
        if (authentication) return authentication
      }
      return null
    },
    stillValid: (authentications) => logins.stillValid(authentications),
    async signInWithPassword(input, visitor, previousToken) {
      if (!password) throw new AppError("not_found", "Signing in with a password is switched off here.")
      const { userId } = await password.verify(input.email, input.password, visitor)
      const login = await logins.start({ id: userId }, "password", visitor, previousToken)
      await audit.record({
        actorId: userId,
        actor: input.email.trim().toLowerCase(),
        action: "login.create",
        requestId: visitor.requestId,
        address: visitor.address,
        outcome: "ok",
        facts: { method: "password", login: login.id },
      })
      return login
    },
  }
}

/** Browsers that have signed in, whichever way. */
function loginMethod(logins: Logins, passwords: boolean): SignInMethod {
  return {
    offer: passwords ? { id: "password", kind: "form", label: "E-mail and password", path: null } : null,
    authenticate: (request) => logins.authenticate(request.headers.cookie),
  }
}
