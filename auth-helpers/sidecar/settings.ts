import { SIDECAR_HEALTH_PORT, SIDECAR_PORT } from "../../pod-protocol/index.ts"

export interface Listen {
  readonly host: string
  readonly port: number
}

/** What the sidecar is told by its pod. */
export interface SidecarSettings {
  readonly brokerUrl: URL
  /** The only certificate authority that is trusted. */
  readonly caFile: string
  /** Projected service-account token; the kubelet replaces it before it expires. */
  readonly tokenFile: string
  readonly listen: Listen
  readonly healthListen: Listen
  /** Where the operator's helpers are mounted. */
  readonly helperDirectory: string
  /** What the operator has put into the container's environment (`authHelpers.container.env`), for the helpers. */
  readonly helperEnvironment: Readonly<Record<string, string>>
}

/** @throws Error that names the variable. */
export function readSettings(env: Readonly<Record<string, string | undefined>>): SidecarSettings {
  const brokerUrl = required(env, "BERTH_BROKER_URL")
  if (!URL.canParse(brokerUrl) || new URL(brokerUrl).protocol !== "https:") {
    throw new Error(`BERTH_BROKER_URL is "${brokerUrl}"; an https address is needed`)
  }
  return {
    brokerUrl: new URL(brokerUrl),
    caFile: required(env, "BERTH_BROKER_CA_FILE"),
    tokenFile: required(env, "BERTH_TOKEN_FILE"),
    listen: readListen("BERTH_LISTEN", env["BERTH_LISTEN"] ?? `127.0.0.1:${SIDECAR_PORT}`),
    helperDirectory: env["BERTH_AUTH_HELPERS"] ?? "/opt/berth/auth-helpers",
    helperEnvironment: forHelpers(env),
    healthListen: readListen("BERTH_HEALTH_LISTEN", env["BERTH_HEALTH_LISTEN"] ?? `0.0.0.0:${SIDECAR_HEALTH_PORT}`),
  }
}

/** Without what is for the sidecar itself, and without what decides how programs are found and run. */
function forHelpers(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const own = /^(BERTH_|NODE_|LD_|PATH$|HOME$|HOSTNAME$|PWD$|SHLVL$|_$)/
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined || own.test(name) ? [] : [[name, value]])),
  )
}

function required(env: Readonly<Record<string, string | undefined>>, name: string): string {
  const value = env[name]
  if (!value) throw new Error(`${name} is not set`)
  return value
}

function readListen(name: string, value: string): Listen {
  const match = /^\[?([0-9a-fA-F.:]+?)\]?:(\d{1,5})$/.exec(value)
  const port = Number(match?.[2])
  if (match?.[1] === undefined || port > 65_535) throw new Error(`${name} is "${value}"; address:port is needed`)
  return { host: match[1], port }
}
