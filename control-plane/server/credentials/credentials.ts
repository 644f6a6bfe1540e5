import type { Audit } from "../audit/types.ts"
import type { Config } from "../config/types.ts"
import type { Database, Notifications } from "../database/index.ts"
import type { Logger } from "../observability/index.ts"
import type { Clock } from "../time/index.ts"
import { type AccountAccess, createAccountAccess, createAccountTokens } from "./accounts/access.ts"
import { createLinkedAccounts, type LinkedAccounts } from "./accounts/accounts.ts"
import { readGithubApp } from "./accounts/github/app.ts"
import { createGithub } from "./accounts/github/github.ts"
import { type AccountWebhooks, createAccountWebhooks } from "./accounts/webhooks.ts"
import { createSessionChoices, type SessionChoices } from "./choices.ts"
import { createEnvironmentFiles, type EnvironmentFiles } from "./environment-files/environment-files.ts"
import { createProfiles, type Profiles } from "./profiles/profiles.ts"
import { createProviderAdmin, type ProviderAdmin } from "./providers/admin.ts"
import { createAwsIdentity } from "./providers/aws-credentials.ts"
import type { Injector } from "./providers/injection.ts"
import { createProviders, type Providers } from "./providers/providers.ts"
import { repairStoredProviders } from "./providers/repair.ts"
import { createStoredProviders } from "./providers/stored.ts"
import type { Probe } from "./providers/test-provider.ts"
import { type Rotation, rotateVault } from "./vault/rotation.ts"
import type { Vault } from "./vault/vault.ts"

/** Everything about credentials that the API and the broker need. */
export interface Credentials {
  readonly providers: Providers
  /** Puts credentials into requests to model providers. */
  readonly injector: Injector
  readonly providerAdmin: ProviderAdmin
  readonly profiles: Profiles
  readonly environmentFiles: EnvironmentFiles
  /** What a new session may choose. */
  readonly choices: SessionChoices
  readonly linkedAccounts: LinkedAccounts
  /** What the gateway uses linked accounts for. */
  readonly accountAccess: AccountAccess
  readonly accountWebhooks: AccountWebhooks
  /** For the start: repairs providers that earlier versions stored with a credential in clear text, and logs warnings. */
  prepareProviders(): Promise<void>
  /** Seals all that is stored anew under the newest key. */
  rotate(): Promise<Rotation>
}

export interface CredentialsOptions {
  readonly config: Config
  readonly database: Database
  readonly vault: Vault
  readonly audit: Audit
  readonly log: Logger
  readonly clock: Clock
  /** One guarded request to the outside, for the test of a provider. */
  readonly probe: Probe
  /** For what is asked of GitHub. */
  readonly fetch: typeof fetch
  /** Brings news of other replicas; without it this process hears its own only. */
  readonly notifications?: Notifications
}

/** Puts the feature together as configured. @throws AppError `invalid_request` for faults in profiles or providers. */
export function createCredentials(options: CredentialsOptions): Credentials {
  const { config, database, vault, audit, log, clock, probe, notifications } = options
  const { github, file } = config
  const providers = createProviders({ config, stored: createStoredProviders({ database, vault, log }) })
  const injector: Injector = { identity: createAwsIdentity(), now: () => clock.now() }
  const providerAdmin = createProviderAdmin({ config, database, vault, audit, providers, probe, injector })
  const hosts =
    github === undefined
      ? []
      : [createGithub({ app: readGithubApp(github), fetch: options.fetch, now: () => clock.now() })]
  const accounts = { database, vault, log, providers: hosts }
  const profiles = createProfiles({ config })
  const environmentFiles = createEnvironmentFiles({ config, log })
  const origin = `${file.public.tls ? "https" : "http"}://${file.public.host}`
  const redirectUri = (id: string) => `${origin}${file.public.pathPrefix}api/linked-accounts/${id}/callback`
  const tokenOf = createAccountTokens({ ...accounts, clock })
  return {
    providers,
    injector,
    providerAdmin,
    profiles,
    environmentFiles,
    choices: createSessionChoices({ profiles, environmentFiles }),
    linkedAccounts: createLinkedAccounts({ ...accounts, audit, redirectUri }),
    accountAccess: createAccountAccess({ ...accounts, clock, tokenOf, ...(notifications ? { notifications } : {}) }),
    accountWebhooks: createAccountWebhooks({ ...accounts, audit, tokenOf }),
    async prepareProviders() {
      await repairStoredProviders({ database, vault, audit, log })
      for (const { id, warnings } of await providerAdmin.list()) {
        if (warnings.length > 0) log.warn({ provider: id, warnings }, "model provider with warnings")
      }
    },
    rotate: () => rotateVault({ database, vault, log }),
  }
}
