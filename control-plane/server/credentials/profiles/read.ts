import { RESERVED_VARIABLE, VARIABLE_NAME } from "../../../../pod-protocol/environment.ts"
import { ENVIRONMENT_FILE } from "../environment-files/parse.ts"
import { isObject } from "../providers/definition.ts"
import { BINDING_TYPES, type Binding, type BindingType, type Profile, type ProfileResolver } from "./profile.ts"

const TTL_MS_DEFAULT = 60_000
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/
const CONTROL_CHARACTERS = /[\0-\x1f\x7f]/
/** The provider that Claude's own settings are about. */
const CLAUDE_PROVIDER = "anthropic"
/** Bindings that keep the token from the agent. */
const HIDING: readonly BindingType[] = ["claude_api_key_helper", "model_provider"]
const PROFILE_KEYS = ["runtime_auth_resolvers", "env", "environment_files", "default_binding", "allowed_bindings"]

/** Every profile of `credentials.profiles` that is sound; what is wrong with the others is added to `faults`. */
export function readProfiles(credentials: unknown, faults: string[]): ReadonlyMap<string, Profile> {
  const profiles = new Map<string, Profile>()
  if (credentials === undefined) return profiles
  const input = isObject(credentials) ? credentials : {}
  unknownKeys(input, ["profiles"], "credentials", faults)
  for (const [name, value] of Object.entries(objectAt(input["profiles"], "credentials.profiles", faults))) {
    const where = `credentials.profiles.${name}`
    const before = faults.length
    if (!NAME.test(name)) faults.push(`${where}: a name has letters, digits, ".", "_" and "-" only, 63 at most`)
    const profile = readProfile(name, objectAt(value, where, faults), where, faults)
    if (profile !== null && faults.length === before) profiles.set(name, profile)
  }
  return profiles
}

function readProfile(name: string, input: Record<string, unknown>, where: string, faults: string[]): Profile | null {
  unknownKeys(input, PROFILE_KEYS, where, faults)
  const resolvers = new Map<string, ProfileResolver>()
  const given = objectAt(input["runtime_auth_resolvers"], `${where}.runtime_auth_resolvers`, faults)
  for (const [key, value] of Object.entries(given)) {
    const at = `${where}.runtime_auth_resolvers.${key}`
    resolvers.set(key, readResolver(objectAt(value, at, faults), at, faults))
  }
  const env = readEnv(objectAt(input["env"], `${where}.env`, faults), `${where}.env`, faults)
  const environmentFiles = readFiles(input["environment_files"], `${where}.environment_files`, faults)
  const allowed = readAllowed(input["allowed_bindings"], `${where}.allowed_bindings`, faults)
  if (input["default_binding"] === undefined) {
    faults.push(`credential profile "${name}": no binding (neither host override nor default_binding)`)
    return null
  }
  const binding = readBinding(objectAt(input["default_binding"], `${where}.default_binding`, faults), where, faults)
  if (binding === null) return null
  if (!resolvers.has(binding.resolver)) {
    faults.push(`${where}: binding references runtime_auth_resolver "${binding.resolver}" which is not defined`)
  }
  const providers = resolvers.get(binding.resolver)?.providers ?? null
  if (binding.type !== "bearer_env" && providers !== null && !providers.includes(binding.provider)) {
    const at = `runtime_auth_resolvers.${binding.resolver}.providers`
    faults.push(`${where}: default_binding is for the model provider "${binding.provider}", which ${at} does not have`)
  }
  const allowedBindings = allowed ?? [...new Set([...HIDING, binding.type])].sort()
  return { name, resolvers, env, environmentFiles, binding, allowedBindings }
}

function readFiles(value: unknown, where: string, faults: string[]): string[] {
  const names = listAt(value, where, faults)
  for (const name of names) {
    if (!ENVIRONMENT_FILE.test(name)) faults.push(`${where}: ${JSON.stringify(name)} is not a name like database.env`)
  }
  return names
}

function readAllowed(value: unknown, where: string, faults: string[]): BindingType[] | null {
  if (value === undefined) return null
  const types = listAt(value, where, faults)
  for (const type of types) {
    if (!isBindingType(type)) faults.push(`${where}: unknown binding type ${JSON.stringify(type)}`)
  }
  return types.filter(isBindingType)
}

function isBindingType(type: string): type is BindingType {
  return BINDING_TYPES.some((one) => one === type)
}

function listAt(value: unknown, where: string, faults: string[]): string[] {
  if (value === undefined) return []
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value
  faults.push(`${where}: a list of texts is needed`)
  return []
}

function readResolver(input: Record<string, unknown>, where: string, faults: string[]): ProfileResolver {
  unknownKeys(input, ["type", "command", "ttl_ms", "order", "providers"], where, faults)
  const { type, command, ttl_ms } = input
  if (type !== undefined && type !== "command") faults.push(`${where}: unknown source type ${JSON.stringify(type)}`)
  const argv = commandOf(command)
  const [program = ""] = argv ?? []
  if (argv === null) faults.push(`${where}: command must be a text or a list of texts, without control characters`)
  else if (program === "") faults.push(`${where}: command must not be empty`)
  else if (program.includes("/")) {
    faults.push(`${where}: command must be the bare name of a helper in /opt/berth/auth-helpers, not a path`)
  }
  const providers = listAt(input["providers"], `${where}.providers`, faults)
  const positive = typeof ttl_ms === "number" && Number.isFinite(ttl_ms) && ttl_ms > 0
  return {
    command: argv ?? [],
    ttl_ms: positive ? Math.ceil(ttl_ms) : TTL_MS_DEFAULT,
    providers: Array.isArray(input["providers"]) ? providers : null,
  }
}

/** A program and its arguments: a text is split at blanks, a list is taken as it is. Null: neither. */
function commandOf(command: unknown): string[] | null {
  const words: unknown = typeof command === "string" ? command.split(/\s+/).filter((word) => word !== "") : command
  if (words === undefined || words === null) return []
  if (!Array.isArray(words)) return null
  return words.every((word) => typeof word === "string" && !CONTROL_CHARACTERS.test(word)) ? words : null
}

function readEnv(input: Record<string, unknown>, where: string, faults: string[]): Record<string, string> {
  const env: Record<string, string> = {}
  for (const [name, value] of Object.entries(input)) {
    if (!VARIABLE_NAME.test(name) || RESERVED_VARIABLE.test(name))
      faults.push(`${where}.${name}: this variable cannot be set by a profile`)
    else if (typeof value !== "string" || CONTROL_CHARACTERS.test(value))
      faults.push(`${where}.${name}: a text on one line is needed`)
    else env[name] = value
  }
  return env
}

/** A binding of the values or of a request; null after what is wrong with it has been added to `faults`. */
export function readBinding(input: Record<string, unknown>, where: string, faults: string[]): Binding | null {
  unknownKeys(
    input,
    ["type", "runtime_auth_resolver", "auth_origin", "env_name", "provider"],
    `${where}.default_binding`,
    faults,
  )
  const { type } = input
  const resolver = textOf(input["runtime_auth_resolver"])
  const variable = textOf(input["env_name"])
  const provider = textOf(input["provider"])
  const origin = textOf(input["auth_origin"])
  const fault = (message: string) => {
    faults.push(`${where}: ${message}`)
    return null
  }
  if (type === "claude_api_key_helper") {
    if (resolver === null) return fault("claude_api_key_helper binding requires runtime_auth_resolver")
    return { type, resolver, provider: provider ?? CLAUDE_PROVIDER }
  }
  if (type === "model_provider") {
    if (resolver === null) return fault("model_provider binding requires runtime_auth_resolver")
    return provider === null ? fault("model_provider binding requires provider") : { type, resolver, provider }
  }
  if (type === "bearer_env") {
    if ((resolver === null) === (origin === null))
      return fault("bearer_env binding must have exactly one of auth_origin or runtime_auth_resolver")
    if (resolver === null) return fault(unknownOrigin(origin))
    if (variable === null) return fault("bearer_env binding requires env_name")
    if (!VARIABLE_NAME.test(variable) || RESERVED_VARIABLE.test(variable))
      return fault(`env_name ${variable} cannot be set by a profile`)
    return { type, resolver, variable }
  }
  if (type === "token_file") {
    return fault(origin === null ? "token_file binding requires auth_origin" : unknownOrigin(origin))
  }
  return fault(`unknown binding type ${JSON.stringify(type ?? "")}`)
}

/** A profile has resolvers and no `auth_origins`. */
function unknownOrigin(name: string | null): string {
  return `binding references auth_origin ${JSON.stringify(name)} which is not defined`
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null
}

function objectAt(value: unknown, where: string, faults: string[]): Record<string, unknown> {
  if (value === undefined) return {}
  if (isObject(value)) return value
  faults.push(`${where}: an object is needed`)
  return {}
}

function unknownKeys(input: Record<string, unknown>, known: readonly string[], where: string, faults: string[]): void {
  for (const key of Object.keys(input)) if (!known.includes(key)) faults.push(`${where}: unknown key "${key}"`)
}
