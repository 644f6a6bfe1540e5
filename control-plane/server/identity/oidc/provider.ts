import * as oidc from "openid-client"
import type { Config } from "../../config/index.ts"
import { AppError } from "../../errors/index.ts"
import type { Clock } from "../../time/index.ts"

const METADATA_MS = 3_600_000
const TIMEOUT_S = 10

/** The configured provider, found by discovery when it is first needed. */
export interface Provider {
  readonly id: string
  readonly label: string
  readonly redirectUri: string
  /**
   * A client of the provider. Its keys are read afresh for each one, so that a key rotation a second ago is no failure.
   * @throws AppError `unavailable` when the provider cannot be reached or its metadata is not right
   */
  client(): Promise<oidc.Configuration>
}

/** The provider of the configuration; nothing is fetched yet. */
export function createProvider(parts: { config: Config; clock: Clock }): Provider {
  const { config, clock } = parts
  const { oidc: settings, public: address } = config.file
  const id = settings.providerId === "" ? "oidc" : settings.providerId
  const origin = `${address.tls ? "https" : "http"}://${address.host}`
  const insecure = settings.allowInsecureIssuer
  let metadata: Promise<{ server: oidc.ServerMetadata; at: number }> | null = null

  async function discover(): Promise<{ server: oidc.ServerMetadata; at: number }> {
    // Checks that the metadata names this very issuer.
    const found = await oidc.discovery(new URL(settings.issuer), settings.clientId, undefined, oidc.None(), {
      timeout: TIMEOUT_S,
      execute: insecure ? [oidc.allowInsecureRequests] : [],
    })
    return { server: found.serverMetadata(), at: clock.now() }
  }

  async function known(): Promise<oidc.ServerMetadata> {
    try {
      const current = metadata === null ? null : await metadata
      if (current !== null && clock.now() - current.at < METADATA_MS) return current.server
      metadata = discover()
      return (await metadata).server
    } catch (error) {
      metadata = null
      throw new AppError("unavailable", "The identity provider cannot be reached at the moment. Try again shortly.", {
        cause: error,
        detail: `discovery of ${settings.issuer} failed`,
        retryAfter_s: 10,
      })
    }
  }

  return {
    id,
    label: settings.label,
    redirectUri: `${origin}${address.pathPrefix}api/auth/callback/${id}`,
    async client() {
      const client = new oidc.Configuration(await known(), settings.clientId, {}, clientAuthentication(config))
      client.timeout = TIMEOUT_S
      oidc.enableNonRepudiationChecks(client)
      if (insecure) oidc.allowInsecureRequests(client)
      return client
    },
  }
}

function clientAuthentication(config: Config): oidc.ClientAuth {
  const { publicClient, tokenEndpointAuthMethod } = config.file.oidc
  if (publicClient) return oidc.None()
  const secret = config.oidcClientSecret?.reveal()
  if (secret === undefined) {
    throw new AppError(
      "unavailable",
      "Single sign-on is not ready: its client secret is missing. Tell an administrator.",
      {
        detail: "OIDC_CLIENT_SECRET is not set",
      },
    )
  }
  return tokenEndpointAuthMethod === "client_secret_basic"
    ? oidc.ClientSecretBasic(secret)
    : oidc.ClientSecretPost(secret)
}
