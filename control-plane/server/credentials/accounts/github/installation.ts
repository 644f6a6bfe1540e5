import { createPrivateKey } from "node:crypto"
import { SignJWT } from "jose"
import { Secret } from "../../../crypto/index.ts"
import { HostRefused, type Installation } from "../provider.ts"
import type { GithubApp } from "./app.ts"
import type { GithubHttp } from "./http.ts"

// GitHub takes ten minutes at most, and its clock may be behind.
const LIFE_S = 540
const SKEW_S = 60

/** GitHub's answer, as far as it is used. */
interface InstallationAnswer {
  readonly suspended_at?: string | null
  readonly permissions?: { readonly contents?: string }
}

/**
 * Asks as the app itself whether it is installed on a repository: a user's token cannot tell "not installed" from "no
 * such repository".
 * https://docs.github.com/en/rest/apps/apps#get-a-repository-installation-for-the-authenticated-app
 * @returns null when that cannot be asked: without a private key, or for a path that is no repository of GitHub
 */
export async function findInstallation(
  { app, http, now }: { app: GithubApp; http: GithubHttp; now: () => number },
  repository: string,
): Promise<Installation | null> {
  const [owner, name, ...more] = repository.split("/")
  const key = await app.privateKey()
  if (key === null || owner === undefined || name === undefined || more.length > 0) return null
  const path = `repos/${encodeURIComponent(owner)}/${encodeURIComponent(name)}/installation`
  try {
    const answer = await http.get<InstallationAnswer>(path, await appToken(app.id, key, now()))
    if (typeof answer.suspended_at === "string") return { state: "suspended" }
    return { state: "installed", mayWrite: answer.permissions?.contents === "write" }
  } catch (error) {
    if (error instanceof HostRefused && error.code === "http_404") return { state: "missing" }
    throw error
  }
}

/**
 * A token that says "I am the app". GitHub's keys are PKCS#1, which Node reads too.
 * https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
 */
async function appToken(id: string, key: Secret, now: number): Promise<Secret> {
  const now_s = Math.floor(now / 1_000)
  const token = new SignJWT()
    .setProtectedHeader({ alg: "RS256", typ: "JWT" })
    .setIssuer(id)
    .setIssuedAt(now_s - SKEW_S)
    .setExpirationTime(now_s + LIFE_S)
  return new Secret(await token.sign(createPrivateKey(key.reveal())))
}
