import { Secret } from "../crypto/index.ts"
import { parseArtifacts } from "./artifacts.ts"
import { parseDatabase } from "./database.ts"
import { Faults } from "./faults.ts"
import { parseConfigFile } from "./file.ts"
import { parseGithubApp } from "./github-app.ts"
import { parseRoleEnvironments } from "./role-environments.ts"
import { checkRules } from "./rules.ts"
import type { Config } from "./types.ts"
import { parseAllowedHosts, parseKeyRing, parseListen } from "./values.ts"

type Environment = Readonly<Record<string, string | undefined>>

const COOKIE_SECRET_CHARACTERS_MIN = 32
const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"]

/**
 * Everything that the control plane is told from outside, checked as a whole and frozen.
 * `readFile` answers a file's text, or undefined when there is none.
 * @throws ConfigError with every fault that there is
 */
export function parseConfig(env: Environment, readFile: (path: string) => string | undefined): Config {
  const faults = new Faults()
  const get = readerOf(env)
  const secret = (name: string) => secretOf(get(name))

  const path = get("BERTH_CONFIG_FILE") ?? "/etc/berth/config.json"
  const file = parseConfigFile(path, readFile(path), faults)
  const listen = {
    http: parseListen("BERTH_HTTP_LISTEN", get("BERTH_HTTP_LISTEN") ?? "0.0.0.0:8080", faults),
    broker: parseListen("BERTH_BROKER_LISTEN", get("BERTH_BROKER_LISTEN") ?? "0.0.0.0:8081", faults),
    metrics: parseListen("BERTH_METRICS_LISTEN", get("BERTH_METRICS_LISTEN") ?? "0.0.0.0:9090", faults),
  }
  const allowedHosts = parseAllowedHosts("ALLOWED_HOSTS", get("ALLOWED_HOSTS"), file?.public.host ?? "", faults)
  const encryptionKeys = parseKeyRing("BERTH_ENCRYPTION_KEYS", get("BERTH_ENCRYPTION_KEYS"), faults)
  const cookieSecret = get("BETTER_AUTH_SECRET") ?? ""
  if (cookieSecret.length < COOKIE_SECRET_CHARACTERS_MIN) {
    faults.add(`BETTER_AUTH_SECRET must have at least ${COOKIE_SECRET_CHARACTERS_MIN} characters`)
  }
  const database = { url: parseDatabase(get, readFile, faults) }
  const logLevel = get("BERTH_LOG_LEVEL") ?? "info"
  if (!LOG_LEVELS.includes(logLevel)) faults.add(`BERTH_LOG_LEVEL must be one of ${LOG_LEVELS.join(", ")}`)
  const firstAdministrator = parseAdministrator(get("BERTH_ADMIN_EMAIL"), get("BERTH_ADMIN_PASSWORD"), faults)
  const github = parseGithubApp(get, file?.public, faults)
  const roleEnvironments = parseRoleEnvironments(get, faults)
  const artifacts = parseArtifacts(get, faults)
  const secrets = {
    oidcClientSecret: secret("OIDC_CLIENT_SECRET"),
    headerAuthSharedSecret: secret("HEADER_AUTH_SHARED_SECRET"),
    apiKeys: secret("BERTH_API_KEYS"),
  }
  if (file) {
    const given = {
      oidcClientSecret: secrets.oidcClientSecret !== undefined,
      headerAuthSharedSecret: secrets.headerAuthSharedSecret !== undefined,
      apiKeys: secrets.apiKeys !== undefined,
      podAddress: get("POD_IP") ?? "127.0.0.1",
    }
    checkRules(file, given, faults)
  }
  faults.throwIfAny()
  if (!file) throw new Error("a file without faults is there")

  return deepFreeze<Config>({
    file,
    replica: {
      name: get("POD_NAME") ?? get("HOSTNAME") ?? "control-plane",
      namespace: get("POD_NAMESPACE") ?? file.namespace,
      address: get("POD_IP") ?? "127.0.0.1",
    },
    database,
    listen,
    allowedHosts,
    cookieSecret: new Secret(cookieSecret),
    encryptionKeys,
    firstAdministrator,
    ...secrets,
    github,
    artifacts,
    roleEnvironments,
    directories: {
      brokerTls: get("BERTH_BROKER_TLS_DIR") ?? "/etc/berth/broker-tls",
      providerKeys: get("BERTH_PROVIDER_KEYS_DIR"),
      gitCredentials: get("BERTH_GIT_CREDENTIALS_DIR"),
      ui: get("BERTH_UI_DIR") ?? "/app/ui",
      migrations: get("BERTH_MIGRATIONS_DIR") ?? "/app/migrations",
    },
    logLevel,
  })
}

/** Editors and `--from-file` end a Secret with a line break that nobody sees: it is not part of any value. */
function readerOf(env: Environment): (name: string) => string | undefined {
  return (name) => env[name]?.replace(/\r?\n$/, "") || undefined
}

function secretOf(value: string | undefined): Secret | undefined {
  return value === undefined ? undefined : new Secret(value)
}

function parseAdministrator(
  email: string | undefined,
  password: string | undefined,
  faults: Faults,
): Config["firstAdministrator"] {
  if (email === undefined && password === undefined) return undefined
  if (email === undefined || password === undefined) {
    faults.add("BERTH_ADMIN_EMAIL and BERTH_ADMIN_PASSWORD must be set together")
    return undefined
  }
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) faults.add("BERTH_ADMIN_EMAIL must be an e-mail address")
  if (password.length < 8) faults.add("BERTH_ADMIN_PASSWORD must have at least 8 characters")
  return { email, password: new Secret(password) }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const child of Object.values(value)) deepFreeze(child)
  }
  return value
}
