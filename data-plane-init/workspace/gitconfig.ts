import type { WorkloadBinding } from "../../pod-protocol/index.ts"

/**
 * The git configuration of everything in the pod: whose commits these are, and that every form of a host's address goes
 * through the sidecar, which is where credentials are added.
 */
export function gitconfig(binding: Pick<WorkloadBinding, "git" | "repository">, sidecarUrl: string): string {
  const { identity, hosts } = binding.git
  const lines = [
    section("user"),
    setting("name", identity.name),
    setting("email", identity.email),
    section("safe"),
    // The volume may belong to another user id (OpenShift, host paths); git would refuse to work in it.
    setting("directory", "*"),
    section("init"),
    setting("defaultBranch", "main"),
    section("advice"),
    setting("detachedHead", "false"),
    section("credential"),
    // An empty helper clears the list: nothing asks, nothing stores.
    setting("helper", ""),
    section("core"),
    setting("askPass", ""),
  ]
  for (const host of hosts) {
    lines.push(section("url", `${sidecarUrl}/git/${host}/`))
    for (const form of addressForms(host, binding.repository?.url)) lines.push(setting("insteadOf", form))
  }
  return `${lines.join("\n")}\n`
}

/** Every way to write an address on `host` that people and submodules use. */
function addressForms(host: string, repositoryUrl?: string): string[] {
  const name = host.replace(/:\d+$/, "")
  const forms = [`https://${host}/`, `http://${host}/`, `ssh://git@${name}/`, `ssh://${name}/`, `git@${name}:`]
  // An ssh address with a port of its own belongs to the same host.
  const port = /^ssh:\/\/(?:[^@/]*@)?([^:/]+)(:\d+)\//i.exec(repositoryUrl ?? "")
  if (port?.[1]?.toLowerCase() === name) forms.push(`ssh://git@${name}${port[2]}/`, `ssh://${name}${port[2]}/`)
  return forms
}

function section(name: string, subsection?: string): string {
  return subsection === undefined ? `[${name}]` : `[${name} "${escape(subsection)}"]`
}

function setting(name: string, value: string): string {
  return `\t${name} = "${escape(value)}"`
}

/** git's quoting; control characters have no place in any of these values. */
function escape(value: string): string {
  return value
    .replace(/[\0-\x1f\x7f]/g, " ")
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
}
