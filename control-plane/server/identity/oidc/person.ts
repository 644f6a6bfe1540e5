import type { ConfigFile } from "../../config/index.ts"
import { isStorable, storableText } from "../../database/index.ts"
import { AppError } from "../../errors/index.ts"
import { claimAt, claimNames } from "../claims.ts"
import { domainsOf, isInOneDomain } from "../email-domain.ts"

const CHARACTERS_MAX = 320
const ADDRESS = /^[^\s@,;]+@[^\s@,;]+$/

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
 * The person behind verified claims, if they may come in; `role` is what their claims give.
 * @throws AppError `unauthenticated` without an e-mail address, or with one outside of the domains
 */
export function personOf(claims: Claims, { oidc }: Pick<ConfigFile, "oidc">, role: string | null): Person {
  const { name } = claims
  if (!isStorable(claims.sub)) {
    throw new AppError("unauthenticated", "The identity provider gave a subject with characters that cannot be stored.")
  }
  const email = claimAt(claims, oidc.emailClaim)
  // Another claim is no statement about an address: it never counts as verified.
  const verified = oidc.emailClaim === "email" ? claims["email_verified"] : undefined
  if (typeof email !== "string" || !ADDRESS.test(email) || email.length > CHARACTERS_MAX || !isStorable(email)) {
    throw new AppError(
      "unauthenticated",
      "The identity provider gave no e-mail address for you. Tell an administrator of this installation.",
      {
        detail: `no e-mail address in the claim "${oidc.emailClaim}"; ask for the scope email, or set oidc.emailClaim; claims that came: ${claimNames(claims)}`,
      },
    )
  }
  const domains = domainsOf(oidc.domain)
  if (domains.length > 0) {
    const inDomain = isInOneDomain(email, domains)
    // Some providers do not tell; one that tells must tell that it is.
    if (!inDomain || (verified !== undefined && verified !== true)) {
      throw new AppError("unauthenticated", `Only addresses of ${domains.join(", ")} may sign in here.`, {
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
    role,
  }
}
