import type { SessionResolver } from "../../../../pod-protocol/index.ts"
import type { ConfigFile } from "../../config/file-schema.ts"
import { AppError } from "../../errors/index.ts"
import type { Binding, BindingInput, BindingType, Profile } from "./profile.ts"
import { readBinding, readProfiles } from "./read.ts"

/** What a profile makes of a session. */
export interface ProfilePlan {
  readonly environment: Readonly<Record<string, string>>
  readonly environmentFiles: readonly string[]
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
  /** Kinds of binding that a session may choose instead, and the resolvers that it may name in it. */
  readonly allowedBindings: readonly string[]
  readonly resolvers: readonly string[]
  /** Files of `roleEnvFiles` that it brings; the agent can read what is in them. */
  readonly environmentFiles: readonly string[]
  /** What of it the agent itself can read, by name. */
  readonly exposedToAgent: readonly string[]
}

/** What a session chose of profiles: null for what it left to the installation. */
export interface ProfileChoice {
  readonly profile: string | null
  readonly binding: BindingInput | null
}

/** What a session's profile is and what of it the agent itself can read: names only. Null and empty without one. */
export interface ProfileExposure {
  readonly profile: string | null
  readonly binding: BindingType | null
  readonly environmentFiles: readonly string[]
  readonly variables: readonly string[]
}

export interface Profiles {
  list(): ProfileView[]
  /** For a new session. @throws AppError `invalid_request` that lists what could be chosen. */
  check(choice: ProfileChoice): void
  /** The plan for a session. @throws AppError `forbidden` when what it chose no longer exists. */
  plan(choice: ProfileChoice): ProfilePlan
  /** For the record of what was exposed. @throws AppError `forbidden` as `plan` does */
  exposure(choice: ProfileChoice): ProfileExposure
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
    check(choice) {
      const name = choice.profile ?? defaultName
      const profile = profiles.get(name ?? "")
      const refuse = (field: string, message: string): never => {
        throw new AppError("invalid_request", `${field}: ${message}`, { details: { field } })
      }
      if (choice.profile !== null && profile === undefined) {
        refuse("profile", `"${choice.profile}" is not defined; ${namesOf(profiles)}.`)
      }
      if (choice.binding === null) return
      if (profile === undefined) return refuse("binding", "the session has no profile, so there is nothing to bind.")
      const result = bindingOf(profile, choice.binding)
      if ("faults" in result) refuse("binding", `${result.faults.join("; ")}.`)
    },
    plan(choice) {
      const found = inForce(profiles, { ...choice, profile: choice.profile ?? defaultName })
      if (found === null) return { environment: {}, environmentFiles: [], userSettings: null, resolvers: [] }
      return planOf(found.profile, found.binding)
    },
    exposure(choice) {
      const found = inForce(profiles, { ...choice, profile: choice.profile ?? defaultName })
      if (found === null) return { profile: null, binding: null, environmentFiles: [], variables: [] }
      const { profile, binding } = found
      const { name, environmentFiles } = profile
      return { profile: name, binding: binding.type, environmentFiles, variables: variablesOf(profile, binding) }
    },
  }
}

/** A session's profile and binding; null when it has none. @throws AppError `forbidden` when they are not there any more */
function inForce(
  profiles: ReadonlyMap<string, Profile>,
  { profile: name, binding }: ProfileChoice,
): { profile: Profile; binding: Binding } | null {
  if (name === null) return null
  const profile = profiles.get(name)
  if (profile === undefined) {
    throw new AppError("forbidden", `The session's profile "${name}" is not defined in credentials.profiles any more.`)
  }
  const result = bindingOf(profile, binding)
  if ("faults" in result) throw new AppError("forbidden", `The session's ${result.faults.join("; ")}.`)
  return { profile, binding: result.binding }
}

function namesOf(profiles: ReadonlyMap<string, Profile>): string {
  const names = [...profiles.keys()].sort()
  return names.length === 0 ? "this installation has no profiles" : `choose one of ${names.join(", ")}`
}

/** The binding in force: a session's own goes before the profile's. */
function bindingOf(profile: Profile, own: BindingInput | null): { binding: Binding } | { faults: string[] } {
  if (own === null) return { binding: profile.binding }
  const where = `credential profile "${profile.name}"`
  const faults: string[] = []
  const binding = readBinding({ ...withProvider(profile, own) }, where, faults)
  if (binding !== null && !profile.resolvers.has(binding.resolver)) {
    const known = [...profile.resolvers.keys()].sort().join(", ")
    faults.push(
      `${where}: binding references unknown runtime_auth_resolver ${JSON.stringify(binding.resolver)}; it has [${known}]`,
    )
  }
  if (binding !== null && binding.type !== "bearer_env") {
    const fault = elsewhere(profile, binding)
    if (fault !== null) faults.push(`${where}: ${fault}`)
  }
  if (binding !== null && !profile.allowedBindings.includes(binding.type)) {
    faults.push(`${where}: allows bindings of type [${profile.allowedBindings.join(", ")}], not ${binding.type}`)
  }
  return binding === null || faults.length > 0 ? { faults } : { binding }
}

/** Claude's settings name no provider: where its usual one is not the resolver's, the resolver's only one is meant. */
function withProvider(profile: Profile, own: BindingInput): BindingInput {
  if (own.type !== "claude_api_key_helper" || own.provider) return own
  const [only, ...others] = providersOf(profile, own.runtime_auth_resolver ?? "")
  return only === undefined || others.length > 0 ? own : { ...own, provider: only }
}

/** Model providers that a resolver's token may be sent to. */
function providersOf({ resolvers, binding }: Profile, resolver: string): readonly string[] {
  const isOwn = binding.type !== "bearer_env" && binding.resolver === resolver
  return resolvers.get(resolver)?.providers ?? (isOwn ? [binding.provider] : [])
}

/** Why a resolver's token may not go to a provider: it would be in the hands of somebody it is not for. */
function elsewhere(profile: Profile, { resolver, provider }: Exclude<Binding, { type: "bearer_env" }>): string | null {
  const providers = providersOf(profile, resolver)
  if (!profile.resolvers.has(resolver) || providers.includes(provider)) return null
  return (
    `runtime_auth_resolver ${JSON.stringify(resolver)} is for the model providers [${providers.join(", ")}], ` +
    `not ${JSON.stringify(provider)}; an operator can name it in runtime_auth_resolvers.${resolver}.providers`
  )
}

function planOf(profile: Profile, binding: Binding): ProfilePlan {
  const { env, environmentFiles, name } = profile
  const resolver = profile.resolvers.get(binding.resolver)
  if (resolver === undefined) {
    throw new AppError(
      "internal",
      `credential profile "${name}": binding references unknown runtime_auth_resolver "${binding.resolver}"`,
    )
  }
  return {
    environment: env,
    environmentFiles,
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
            apiKeyHelper: resolver.command.map(shellWord).join(" "),
            env: { ...env, CLAUDE_CODE_API_KEY_HELPER_TTL_MS: String(resolver.ttl_ms) },
          }
        : null,
  }
}

/** A word as a POSIX shell reads it: who reads the settings runs the helper through one, the sidecar does not. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

function viewOf(profile: Profile, isDefault: boolean): ProfileView {
  const { binding, name, allowedBindings, environmentFiles } = profile
  const resolvers = [...profile.resolvers.keys()].sort()
  const exposedToAgent = variablesOf(profile, binding)
  return { name, isDefault, binding: binding.type, allowedBindings, resolvers, environmentFiles, exposedToAgent }
}

/** Variables that the agent itself can read, sorted. */
function variablesOf({ env }: Profile, binding: Binding): string[] {
  return [...Object.keys(env), ...(binding.type === "bearer_env" ? [binding.variable] : [])].sort()
}
