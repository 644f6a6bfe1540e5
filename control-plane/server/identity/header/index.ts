import type { IncomingMessage } from "node:http"
import type { JWTVerifyGetKey } from "jose"
import type { Audit } from "../../audit/types.ts"
import type { Config } from "../../config/index.ts"
import type { Database } from "../../database/index.ts"
import { AppError } from "../../errors/index.ts"
import type { Logger } from "../../observability/index.ts"
import { type Clock, createThrottle } from "../../time/index.ts"
import { asciiLower } from "../ascii.ts"
import { claimAt } from "../claims.ts"
import { createRoleOf } from "../roles.ts"
import type { Authentication, SignInMethod, Visitor } from "../types.ts"
import { noteSignIn, type UserRecord, upsertUser, usersInForce } from "../users/store.ts"
import { readIdentityHeader, readName } from "./read.ts"
import { createVerifyToken, remoteKeys, SKEW_MS, type VerifyToken } from "./token.ts"
import { createTrust } from "./trust.ts"

const EMAIL_CHARACTERS_MAX = 320
const NAME_CHARACTERS_MAX = 200
const TOKEN_CHARACTERS_MAX = 49_152
/** Google's Identity-Aware Proxy puts its own name before the address. */
const ISSUER_PREFIX = /^(accounts\.google\.com|securetoken\.google\.com\/[^:]+):/
/** Issuer of people whom the proxy names by plain headers. */
const ISSUER = "header"
/** Every request proves itself; the record has one entry for so long. */
const SIGN_IN_MS = 12 * 3_600_000

interface Named {
  readonly issuer: string
  readonly subject: string
  readonly email: string
  readonly name: string
  readonly role: string | null
  /** When what says so ends, in milliseconds since the epoch; null: with the request. */
  readonly expiresAt: number | null
}

/** Sign-in by an authenticating proxy in front of us, request by request. */
export function createHeaderSignIn(parts: {
  config: Config
  database: Database
  audit: Audit
  clock: Clock
  log: Logger
  keys?: JWTVerifyGetKey
}): SignInMethod {
  const { config, database, clock } = parts
  const { headerAuth, roleMapping } = config.file
  const roleOf = createRoleOf({ mapping: roleMapping, log: parts.log, clock })
  const warnOfName = createNameWarning(parts)
  const trusts = createTrust(config)
  const trust = headerAuth.trust.jwt
  const verify =
    trust.issuer === "" ? null : createVerifyToken({ trust, clock, keys: parts.keys ?? remoteKeys(trust.jwksUri) })

  return {
    kind: "header",
    async authenticate(request, visitor) {
      if (!trusts(request)) return null
      const named =
        verify === null
          ? fromHeaders(request, headerAuth, warnOfName)
          : await fromToken(request, config, verify, roleOf)
      if (named === null) return null
      const { expiresAt, ...person } = named
      const user = await upsertUser(database, person, config.file.roleMapping.default)
      if (user.disabledAt !== null)
        throw new AppError("unauthenticated", "Your account here is disabled. Ask an administrator.")
      if (clock.now() - (user.lastSignInAt ?? 0) >= SIGN_IN_MS) await recordSignIn(parts, user, visitor)
      return authenticationOf(user, expiresAt)
    },
    async stillValid(authentications) {
      const roles = await usersInForce(
        database,
        authentications.map(({ principal }) => principal.userId),
      )
      return authentications.map(({ principal }) => roles.get(principal.userId) === principal.role)
    },
  }
}

function fromHeaders(
  request: IncomingMessage,
  names: Config["file"]["headerAuth"],
  warnOfName: (header: string) => void,
): Named | null {
  const told = readIdentityHeader(request, names.email.header, EMAIL_CHARACTERS_MAX)
  if (told === null) return null
  const email = told.replace(ISSUER_PREFIX, "")
  if (!isAddress(email)) {
    warnOfName(names.email.header)
    return null
  }
  const { header } = names.user
  const name = header === "" ? null : readName(request, header, NAME_CHARACTERS_MAX)
  return {
    issuer: ISSUER,
    subject: asciiLower(email),
    email,
    name: name ?? email,
    // No groups are told here, so there is nothing to map: a role is what an administrator has made it.
    role: null,
    expiresAt: null,
  }
}

/** An operator sees only the sign-in page when the proxy names people by user names. */
function createNameWarning({ log, clock }: { log: Logger; clock: Clock }): (header: string) => void {
  const mayTell = createThrottle(clock)
  return (header) => {
    if (!mayTell()) return
    const hint = "Have the proxy send the e-mail address, and set headerAuth.email.header to that header."
    log.warn({ header, hint }, "the proxy's header holds no e-mail address, so nobody is signed in by it")
  }
}

async function fromToken(
  request: IncomingMessage,
  { file }: Config,
  verify: VerifyToken,
  roleOf: ReturnType<typeof createRoleOf>,
): Promise<Named | null> {
  const { jwt, email: emailAt, user: nameAt } = file.headerAuth
  const value = readIdentityHeader(request, jwt.header, TOKEN_CHARACTERS_MAX)
  if (value === null) return null
  const claims = await verify(value.replace(/^Bearer /i, ""))
  const [email, name] = [claimAt(claims, emailAt.claim), claimAt(claims, nameAt.claim)]
  if (typeof email !== "string" || email.length > EMAIL_CHARACTERS_MAX || !isAddress(email)) {
    throw new AppError("unauthenticated", "The authenticating proxy's token has no e-mail address.")
  }
  return {
    issuer: claims.iss,
    subject: claims.sub,
    email,
    name: typeof name === "string" && name !== "" ? name.slice(0, NAME_CHARACTERS_MAX) : email,
    role: roleOf(claims),
    expiresAt: claims.exp * 1_000 + SKEW_MS,
  }
}

/** One "@" with something on both sides, and nothing that lists or header lines are made of. */
function isAddress(text: string): boolean {
  return /^[^\s@,;]+@[^\s@,;]+$/u.test(text)
}

function authenticationOf({ id: userId, email, name, role }: UserRecord, expiresAt: number | null): Authentication {
  const principal = { userId, email, name, role, method: "header", loginId: null } as const
  return { kind: "header", principal, scopes: null, ambient: true, expiresAt }
}

async function recordSignIn(
  { database, audit, clock }: { database: Database; audit: Audit; clock: Clock },
  user: UserRecord,
  { requestId, address }: Visitor,
): Promise<void> {
  await noteSignIn(database, user.id, clock.now())
  const event = {
    actorId: user.id,
    actor: user.email,
    action: "login.create",
    outcome: "ok",
    requestId,
    address,
  } as const
  await audit.record({ ...event, facts: { method: "header" } })
}
