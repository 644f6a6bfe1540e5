import type { WorkloadBinding } from "../../../../auth-helpers/protocol/index.ts"
import {
  type AccountAccess,
  type Profiles,
  type Providers,
  sealedColumns,
  type Vault,
} from "../../credentials/index.ts"
import type { GitPolicy } from "../git/policy.ts"
import { parseRepository, withoutUserInfo } from "../git/repository.ts"
import type { Caller, CallerSession } from "../identity/callers.ts"

/** `GET /v1/workload`: everything that a pod may know about its session. Null while it has none. */
export function createWorkloadRoute(options: {
  accounts: Pick<AccountAccess, "identity"> | undefined

  providers: Providers
  profiles: Profiles
  vault: Vault
  git: GitPolicy
}) {
  const { providers, profiles, vault, git, accounts } = options
  return async (caller: Caller): Promise<WorkloadBinding | null> => {
    const { session } = caller
    if (session === null) return null
    const { owner, repository } = session
    const own = repository === null ? null : parseRepository(repository.url)
    // Commits are the account's at this host, when one is linked.
    const account = own === null ? null : ((await accounts?.identity(owner.id, own.host)) ?? null)
    const { environment, userSettings, resolvers } = profiles.plan(session.profile)
    return {
      workload: caller.pod.workloadId,
      session: session.id,
      repository: repository === null ? null : { ...repository, url: withoutUserInfo(repository.url) },
      profile: session.profile,
      agentConfig: await providers.agentConfig(),
      git: {
        hosts: git.hostsOf(repository?.url ?? null),
        identity: account ?? { name: owner.name || owner.email, email: owner.email },
      },
      environment: { ...environment, ...environmentOf(session, vault) },
      userSettings,
      resolvers,
    }
  }
}

function environmentOf(session: CallerSession, vault: Vault): Record<string, string> {
  if (session.environmentSealed === null) return {}
  const context = sealedColumns.sessionEnvironment(session.id, session.owner.id)
  return JSON.parse(vault.open(session.environmentSealed, context).reveal()) as Record<string, string>
}
