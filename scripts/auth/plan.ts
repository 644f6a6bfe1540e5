import type { Binding, Profile } from "../../control-plane/server/credentials/profiles/profile.ts"
import { profileFaults } from "../../control-plane/server/credentials/profiles/profiles.ts"
import { readProfiles } from "../../control-plane/server/credentials/profiles/read.ts"

/** What is known of an installation. Null: it could not be looked at from here. */
export interface Installation {
  /** In the words of the control plane's `config.json`. */
  readonly config: {
    readonly credentials?: Readonly<Record<string, unknown>>
    readonly sessions: { readonly authProfile?: string }
    readonly providers?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  }
  /** Names in the operator's helper directory, and which of them cannot be run. */
  readonly helpers: { readonly names: readonly string[]; readonly notExecutable: readonly string[] } | null
  /** Names of `roleEnvFiles`, and those that requests may choose. */
  readonly environmentFiles: { readonly names: readonly string[]; readonly selectable: readonly string[] } | null
}

/** A profile as its sessions get it: names only, never a value. */
export interface ProfileDiagnosis {
  readonly name: string
  readonly isDefault: boolean
  readonly resolvers: readonly {
    readonly name: string
    /** The helper, without its arguments. */
    readonly command: string
    readonly argumentCount: number
    readonly ttl_ms: number
    readonly found: boolean | null
  }[]
  readonly binding: Binding
  readonly allowedBindings: readonly string[]
  readonly env: readonly string[]
  readonly environmentFiles: readonly string[]
  readonly userSettingsPresent: boolean
  readonly exposedToAgent: readonly string[]
}

export interface Diagnosis {
  readonly profiles: readonly ProfileDiagnosis[]
  /** Sorted; null when they could not be looked at. */
  readonly helpers: readonly string[] | null
  readonly environmentFiles: Installation["environmentFiles"]
  /** What keeps a session or the control plane from working. */
  readonly problems: readonly string[]
  /** What may be meant so. */
  readonly notes: readonly string[]
}

/** The plan of one profile, or of all of them. */
export function diagnose(installation: Installation, only?: string): Diagnosis {
  const { config, helpers, environmentFiles } = installation
  const profiles = [...readProfiles(config.credentials, []).values()]
  const chosen = only === undefined ? profiles : profiles.filter(({ name }) => name === only)
  const problems = only === undefined ? profileFaults(config) : faultsOf(installation, only)
  if (only !== undefined && chosen.length === 0 && problems.length === 0) {
    problems.push(`the profile "${only}" is not defined; there are [${profiles.map(({ name }) => name).join(", ")}]`)
  }
  const notes: string[] = []
  for (const profile of chosen) {
    problems.push(...missing(profile, installation))
    notes.push(...oddities(profile, installation))
  }
  if (helpers === null)
    notes.push("which helpers there are could not be looked at: give --helpers DIR, or -n NAMESPACE")
  return {
    profiles: chosen.map((profile) => describe(profile, installation)),
    helpers: helpers === null ? null : [...helpers.names].sort(),
    environmentFiles,
    problems,
    notes,
  }
}

/** Faults of one profile: its own messages name it. */
function faultsOf({ config }: Installation, name: string): string[] {
  const names = [`credentials.profiles.${name}:`, `credentials.profiles.${name}.`, `"${name}"`]
  return profileFaults(config).filter((fault) => names.some((one) => fault.includes(one)))
}

function describe(profile: Profile, { config, helpers }: Installation): ProfileDiagnosis {
  const { name, binding, env, allowedBindings, environmentFiles } = profile
  const variables = binding.type === "bearer_env" ? [binding.variable] : []
  return {
    name,
    isDefault: config.sessions.authProfile === name,
    resolvers: [...profile.resolvers].map(([key, { command, ttl_ms }]) => ({
      name: key,
      command: command[0] ?? "",
      argumentCount: command.length - 1,
      ttl_ms,
      found: helpers === null ? null : helpers.names.includes(command[0] ?? ""),
    })),
    binding,
    allowedBindings,
    env: Object.keys(env).sort(),
    environmentFiles,
    userSettingsPresent: binding.type === "claude_api_key_helper",
    exposedToAgent: [...new Set([...Object.keys(env), ...variables])].sort(),
  }
}

function missing(profile: Profile, { helpers, environmentFiles }: Installation): string[] {
  const problems: string[] = []
  for (const [name, { command }] of profile.resolvers) {
    const [program = ""] = command
    const where = `credentials.profiles.${profile.name}.runtime_auth_resolvers.${name}`
    if (helpers !== null && !helpers.names.includes(program)) {
      problems.push(`${where}: the helper ${program} is not in the operator's directory`)
    } else if (helpers?.notExecutable.includes(program)) {
      problems.push(`${where}: the helper ${program} is not executable`)
    }
  }
  for (const file of environmentFiles === null ? [] : profile.environmentFiles) {
    if (environmentFiles?.names.includes(file)) continue
    problems.push(`credentials.profiles.${profile.name}.environment_files: "${file}" is not in roleEnvFiles.files`)
  }
  return problems
}

function oddities(profile: Profile, { config }: Installation): string[] {
  const { binding, name, resolvers, allowedBindings } = profile
  const notes: string[] = []
  if (binding.type !== "bearer_env" && !Object.hasOwn(config.providers ?? {}, binding.provider)) {
    notes.push(
      `${name}: the model provider ${binding.provider} is not in the values; it has to be stored by an administrator`,
    )
  }
  if (binding.type === "bearer_env") {
    notes.push(
      `${name}: the agent can read the token in ${binding.variable}, and it is not refreshed while the agent runs`,
    )
  } else if (allowedBindings.includes("bearer_env")) {
    notes.push(`${name}: a request may have the token shown to the agent (allowed_bindings has bearer_env)`)
  }
  for (const resolver of resolvers.keys()) {
    if (resolver !== binding.resolver)
      notes.push(`${name}: the resolver ${resolver} is run only where a request chooses it`)
  }
  return notes
}
