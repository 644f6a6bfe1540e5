/** What workspace-init is told by its pod. */
export interface Settings {
  readonly sidecarUrl: string
  /** The volume that lives as long as the session. */
  readonly workspace: string
  /** Where the agent's configuration goes; memory, read-only for the agent. */
  readonly agentConfig: string
}

/** The file that tells the agent's container that it may start. */
export function markerPath(settings: Settings): string {
  return `${settings.agentConfig}/prepared`
}

/** Where the repository is; OpenCode remembers it as an absolute path, so it never changes. */
export function repositoryPath(settings: Settings): string {
  return `${settings.workspace}/repo`
}

/** The pod's environment with its defaults. */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  return {
    sidecarUrl: env["BERTH_SIDECAR_URL"] ?? "http://127.0.0.1:7070",
    workspace: env["BERTH_WORKSPACE"] ?? "/workspace",
    agentConfig: env["BERTH_AGENT_CONFIG"] ?? "/etc/berth/agent",
  }
}
