import { generateKeyPairSync } from "node:crypto"
import { exportJWK } from "jose"
import Provider from "oidc-provider"

/** The clients that the provider knows, and the secret of the confidential one. */
export const clients = {
  confidential: "agents",
  public: "agents-public",
  secret: "what only the two of them know",
} as const

/**
 * A real OpenID provider with a sign-in page and a consent page. Everybody may sign in, with any password;
 * the name given there becomes `<name>@example.com`.
 * @returns what answers its requests
 */
export async function createOidcProvider(issuer: string, redirectUri: string) {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
  const client = { redirect_uris: [redirectUri], grant_types: ["authorization_code", "refresh_token"] }
  const secret = { client_secret: clients.secret, token_endpoint_auth_method: "client_secret_post" }
  return new Provider(issuer, {
    clients: [
      { ...client, ...secret, client_id: clients.confidential },
      { ...client, token_endpoint_auth_method: "none", client_id: clients.public },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: "one", use: "sig", alg: "RS256" }] },
    cookies: { keys: ["a key for the provider's cookies"] },
    ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600 },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    findAccount: (_ctx: unknown, accountId: string) => ({
      accountId,
      claims: () => ({
        sub: accountId,
        name: accountId,
        email: `${accountId}@example.com`,
        email_verified: true,
      }),
    }),
  }).callback()
}
