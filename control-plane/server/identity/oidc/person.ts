import type { ConfigFile } from "../../config/index.ts"
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
 * The person behind verified claims, if he may come in.
 * @throws AppError `unauthenticated` without an e-mail address, or with one outside of the domain
 */
export function personOf(claims: Claims, file: Pick<ConfigFile, "oidc" | "roleMapping">): Person {
  const { email, email_verified: verified, name } = claims
  if (typeof email !== "string" || email === "" || email.length > CHARACTERS_MAX) {
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
    name: typeof name === "string" && name !== "" ? name.slice(0, CHARACTERS_MAX) : email,
    role: roleOf(claims, file.roleMapping),
  }
}
