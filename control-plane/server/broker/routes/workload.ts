import { parseRepository, plainAddress } from "../../../../pod-protocol/git-address.ts"
import type { WorkloadBinding } from "../../../../pod-protocol/index.ts"
import {
  type AccountAccess,
  type EnvironmentFiles,
  type Profiles,
  type Providers,
  sealedColumns,
  type Vault,
} from "../../credentials/index.ts"
import type { GitPolicy } from "../git/policy.ts"
import type { Caller, CallerSession } from "../identity/callers.ts"
import type { Notices } from "../notices.ts"

/** `GET /v1/workload`: everything that a pod may know about its session. Null while it has none. */
export function createWorkloadRoute(options: {
  accounts: Pick<AccountAccess, "identity"> | undefined
  providers: Providers
  profiles: Profiles
  environmentFiles: EnvironmentFiles
  vault: Vault
  git: GitPolicy
  notices: Notices
}) {
  const { providers, profiles, environmentFiles, vault, git, accounts, notices } = options
  return async (caller: Caller): Promise<WorkloadBinding | null> => {
    const { session } = caller
    if (session === null) return null
    const { owner, repository } = session
    const own = repository === null ? null : parseRepository(repository.url)
    // Commits are the account's at this host, when one is linked.
    const account = own === null ? null : ((await accounts?.identity(owner.id, own.host)) ?? null)
    const plan = profiles.plan(session)
    const { config, leftOut } = await providers.agentSetup()
    for (const provider of leftOut) notices.providerLeftOut(session, provider)
    return {
      workload: caller.pod.workloadId,
      session: session.id,
      repository: repository === null ? null : { ...repository, url: plainAddress(repository.url) },
      profile: session.profile,
      agentConfig: config,
      git: {
        hosts: git.hostsOf(repository?.url ?? null),
        identity: account ?? { name: owner.name || owner.email, email: owner.email },
      },
      environment: await layered(session, plan, { environmentFiles, vault }),
      userSettings: plan.userSettings,
      resolvers: plan.resolvers,
    }
  }
}

/** Each over the one before: the role's files, the profile's files, the profile, the request's files, the request. */
async function layered(
  session: CallerSession,
  plan: ReturnType<Profiles["plan"]>,
  { environmentFiles, vault }: { environmentFiles: EnvironmentFiles; vault: Vault },
): Promise<Record<string, string>> {
  const ofOperator = {
    ...revealed(await environmentFiles.forRole(session.owner.role)),
    ...revealed(await environmentFiles.read(plan.environmentFiles)),
    ...plan.environment,
  }
  // A binding fills its variable with a token: only what the request itself asks for goes before that.
  for (const { variable } of plan.resolvers) if (variable !== null) delete ofOperator[variable]
  const chosen = revealed(await environmentFiles.readChosen(session.environmentFiles))
  return { ...ofOperator, ...chosen, ...environmentOf(session, vault) }
}

function revealed(variables: Awaited<ReturnType<EnvironmentFiles["forRole"]>>): Record<string, string> {
  return Object.fromEntries([...variables].map(([name, value]) => [name, value.reveal()]))
}

function environmentOf(session: CallerSession, vault: Vault): Record<string, string> {
  if (session.environmentSealed === null) return {}
  const context = sealedColumns.sessionEnvironment(session.id, session.owner.id)
  return JSON.parse(vault.open(session.environmentSealed, context).reveal()) as Record<string, string>
}
