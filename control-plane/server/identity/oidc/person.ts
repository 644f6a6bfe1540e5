import type { ConfigFile } from "../../config/index.ts"
import { isStorable, storableText } from "../../database/index.ts"
import { AppError } from "../../errors/index.ts"
import { isInDomain } from "../email-domain.ts"
import { roleOf } from "../roles.ts"

const CHARACTERS_MAX = 320

/** Who signed in, as far as we need to know. */
export interface Person {
  readonly issuer: string
  readonly subject: string
  readonly email: string
  /** The boolean and nothing else: the text "true" is not true. */
  readonly emailVerified: boolean
  readonly name: string
  /** Null: no mapping is configured. */
  readonly role: string | null
}

type Claims = Readonly<Record<string, unknown>> & { readonly iss: string; readonly sub: string }

/**
 * What the ID token says, and what userinfo adds to it. What is signed wins over what is only told. An address and whether
 * it is verified come from one of the two: that another address is verified says nothing about this one.
 */
export function claimsOf<C extends Claims>(signed: C, told: Readonly<Record<string, unknown>>): C {
  const isSigned = signed.email !== undefined
  const isTheSame = isSigned && signed.email_verified === undefined && told.email === signed.email
  const { email, email_verified } = isSigned && !isTheSame ? signed : told
  return { ...told, ...signed, email, email_verified }
}

/**
 * The person behind verified claims, if he may come in.
 * @throws AppError `unauthenticated` without an e-mail address, or with one outside of the domain
 */
export function personOf(claims: Claims, file: Pick<ConfigFile, "oidc" | "roleMapping">): Person {
  const { email, email_verified: verified, name } = claims
  if (!isStorable(claims.sub)) {
    throw new AppError("unauthenticated", "The identity provider gave a subject with characters that cannot be stored.")
  }
  if (typeof email !== "string" || email === "" || email.length > CHARACTERS_MAX || !isStorable(email)) {
    throw new AppError("unauthenticated", "The identity provider gave no e-mail address. Ask for the scope email.")
  }
  if (file.oidc.domain !== "") {
    const inDomain = isInDomain(email, file.oidc.domain)
    // Some providers do not tell; one that tells must tell that it is.
    if (!inDomain || (verified !== undefined && verified !== true)) {
      throw new AppError("unauthenticated", `Only addresses of ${file.oidc.domain} may sign in here.`, {
        detail: inDomain ? "the address is not verified" : "the address is of another domain",
      })
    }
  }
  return {
    issuer: claims.iss,
    subject: claims.sub,
    email,
    emailVerified: verified === true,
    name: typeof name === "string" && name !== "" ? storableText(name.slice(0, CHARACTERS_MAX)) : email,
    role: roleOf(claims, file.roleMapping),
  }
}
