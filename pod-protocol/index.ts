/**
 * What travels between a session's pod and the broker. The control plane, the auth sidecar and workspace-init import
 * this folder and nothing else of each other: the messages, which headers and variables may pass, and the relay that
 * both hops use.
 */

/** Answer of `GET /v1/workload`; 204 without a body while the workload is not bound to a session. */
export interface WorkloadBinding {
  readonly workload: string
  readonly session: string
  readonly repository: WorkloadRepository | null
  readonly profile: string | null
  /** OpenCode's global configuration file, whole. Provider addresses in it point at the sidecar. */
  readonly agentConfig: Readonly<Record<string, unknown>>
  readonly git: {
    /** Hosts whose https, ssh and scp-like addresses go through the sidecar. */
    readonly hosts: readonly string[]
    readonly identity: { readonly name: string; readonly email: string }
  }
  /** Environment of the agent; values that an operator or the user chose to expose to it. */
  readonly environment: Readonly<Record<string, string>>
  /** Contents of `.berth/user-settings.json`, or null when the profile has none. */
  readonly userSettings: Readonly<Record<string, unknown>> | null
  /** What the sidecar runs for the session's profile. */
  readonly resolvers: readonly SessionResolver[]
}

/** What is cloned into the workspace. */
export interface WorkloadRepository {
  readonly url: string
  readonly ref: string | null
  /** Commits of history; null: all of it. */
  readonly depth: number | null
  readonly submodules: boolean
}

/** A helper that the sidecar runs, and where what it prints goes: to one of the two. */
export interface SessionResolver {
  readonly name: string
  /** A program of the operator's directory, and its arguments. */
  readonly command: readonly string[]
  /** How long what it prints may be used, in milliseconds. */
  readonly ttl_ms: number
  /** Environment of the program, beside its PATH. */
  readonly environment: Readonly<Record<string, string>>
  /** Requests to this model provider carry the token; the agent does not see it. */
  readonly provider: string | null
  /** The agent's environment gets the token under this name when it starts: it is exposed to the agent. */
  readonly variable: string | null
}

/** From the sidecar to the broker only: the token that a helper printed for the provider of this request. */
export const HELPER_TOKEN_HEADER = "x-berth-helper-token"

export const REPORT_PHASES = ["cloning", "configuring", "ready", "failed"] as const

/** Body of `POST /v1/report`: what a container of the pod observed. */
export interface WorkloadReport {
  readonly source: "workspace-init" | "agent"
  readonly phase?: (typeof REPORT_PHASES)[number]
  /** Stable, for programs: `clone_refused`, `clone_not_found`, `clone_ref_not_found`, `broker_unreachable`, … */
  readonly code?: string
  /** For the person who waits for the session: what happened, in git's or the broker's words. */
  readonly message?: string
  readonly helpers?: { readonly settingsPresent: boolean; readonly names: readonly string[] }
  /** How full the session's volume is; told at the start and whenever it changes by much. */
  readonly volume?: VolumeUse
  /** Told with `ready`, once for a workspace. */
  readonly notices?: readonly ReportNotice[]
}

/** What a person should know about the workspace although it is ready. */
export interface ReportNotice {
  readonly code: string
  readonly message: string
}

/** Room on the session's volume, in bytes. */
export interface VolumeUse {
  readonly totalBytes: number
  readonly freeBytes: number
  /** False: what is kept back for a start has been given back because the volume was full. */
  readonly reserve: boolean
}

/** A number of bytes for people: `272 MiB`, `1.9 GiB`. */
export function bytesText(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1)
  const value = bytes / 1024 ** power
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`
}

export const REPORT_BYTES_MAX = 16 * 1024
/** Where the agent listens, on every address of its pod. */
export const AGENT_PORT = 4096
/** Where the sidecar listens inside the pod. */
export const SIDECAR_PORT = 7070
/** Where the sidecar answers the kubelet's probes. */
export const SIDECAR_HEALTH_PORT = 7071
