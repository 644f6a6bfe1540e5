import type { SessionResolver } from "../../../../auth-helpers/protocol/index.ts"
import type { ConfigFile } from "../../config/file-schema.ts"
import { AppError } from "../../errors/index.ts"
import type { Profile } from "./profile.ts"
import { readProfiles } from "./read.ts"

/** What a profile makes of a session. */
export interface ProfilePlan {
  readonly environment: Readonly<Record<string, string>>
  /** Contents of `.berth/user-settings.json`; null when the profile's binding has none. */
  readonly userSettings: Readonly<Record<string, unknown>> | null
  /** What the sidecar runs. */
  readonly resolvers: readonly SessionResolver[]
}

/** A profile for people who choose one: names only, never a value. */
export interface ProfileView {
  readonly name: string
  readonly isDefault: boolean
  readonly binding: string
  /** What of it the agent itself can read, by name. */
  readonly exposedToAgent: readonly string[]
}

export interface Profiles {
  list(): ProfileView[]
  has(name: string): boolean
  /** The plan for a session that chose `name`, or the default for null. @throws AppError `forbidden` when it is not defined. */
  plan(name: string | null): ProfilePlan
}

type ProfileConfig = Pick<ConfigFile, "credentials"> & {
  readonly sessions: Pick<ConfigFile["sessions"], "authProfile">
}

/** What is wrong with `credentials.profiles` and with who refers to it, for the start-up check. */
export function profileFaults(file: ProfileConfig): string[] {
  const faults: string[] = []
  const profiles = readProfiles(file.credentials, faults)
  const { authProfile } = file.sessions
  const known = isDefined(file.credentials, authProfile) || profiles.has(authProfile ?? "")
  if (authProfile && !known) {
    faults.push(`sessions.authProfile references "${authProfile}" which is not defined in credentials.profiles`)
  }
  return faults
}

/** A profile that is there but faulty is told by its own faults, not by "not defined" as well. */
function isDefined(credentials: unknown, name: string | undefined): boolean {
  const profiles = (credentials as { profiles?: Record<string, unknown> } | undefined)?.profiles ?? {}
  return name !== undefined && Object.hasOwn(profiles, name)
}

/** The profiles of the configuration. @throws AppError `invalid_request` that lists every fault. */
export function createProfiles(options: { config: { readonly file: ProfileConfig } }): Profiles {
  const { file } = options.config
  const faults = profileFaults(file)
  if (faults.length > 0) throw new AppError("invalid_request", faults.join("\n"))
  const profiles = readProfiles(file.credentials, [])
  const defaultName = file.sessions.authProfile || null
  return {
    list: () => [...profiles.values()].map((profile) => viewOf(profile, profile.name === defaultName)),
    has: (name) => profiles.has(name),
    plan(chosen) {
      const name = chosen ?? defaultName
      if (name === null) return { environment: {}, userSettings: null, resolvers: [] }
      const profile = profiles.get(name)
      if (profile === undefined) {
        throw new AppError(
          "forbidden",
          `The session's profile "${name}" is not defined in credentials.profiles any more.`,
        )
      }
      return planOf(profile)
    },
  }
}

function planOf(profile: Profile): ProfilePlan {
  const { binding, env, name } = profile
  const resolver = profile.resolvers.get(binding.resolver)
  if (resolver === undefined) {
    throw new AppError(
      "internal",
      `credential profile "${name}": binding references unknown runtime_auth_resolver "${binding.resolver}"`,
    )
  }
  return {
    environment: env,
    resolvers: [
      {
        name: binding.resolver,
        command: resolver.command,
        ttl_ms: resolver.ttl_ms,
        environment: env,
        provider: binding.type === "bearer_env" ? null : binding.provider,
        variable: binding.type === "bearer_env" ? binding.variable : null,
      },
    ],
    userSettings:
      binding.type === "claude_api_key_helper"
        ? {
            apiKeyHelper: resolver.command.join(" "),
            env: { ...env, CLAUDE_CODE_API_KEY_HELPER_TTL_MS: String(resolver.ttl_ms) },
          }
        : null,
  }
}

function viewOf(profile: Profile, isDefault: boolean): ProfileView {
  const { binding, env, name } = profile
  const variables = [...Object.keys(env), ...(binding.type === "bearer_env" ? [binding.variable] : [])]
  return { name, isDefault, binding: binding.type, exposedToAgent: variables.sort() }
}
