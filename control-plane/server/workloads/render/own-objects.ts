import type { TemplateConfig } from "./types.ts"

/** Keys under which core/v1 names a Secret, in volumes and in containers. */
const SECRET_KEYS = ["secret", "secretRef", "secretKeyRef", "nodePublishSecretRef"]

/**
 * Refuses Secrets and volumes of the installation itself in what an operator adds to session pods: the encryption ring, the
 * database's password, provider keys, other sessions' passwords. In a session's pod its agent, or its helpers, could read them.
 */
export function checkOwnObjects(where: string, added: unknown, config: TemplateConfig, faults: string[]): void {
  for (const { kind, name } of referencesIn(added)) {
    const own = kind === "Secret" ? config.own?.secrets : config.own?.claims
    if (own?.includes(name) || isOfSession(config.release, name)) {
      faults.push(`${where}: the ${kind} "${name}" belongs to Berth itself and cannot be used in session pods`)
    }
  }
}

function isOfSession(release: string, name: string): boolean {
  return name.startsWith(`${release}-s-`) || name.startsWith(`workspace-${release}-s-`)
}

interface Reference {
  readonly kind: "Secret" | "PersistentVolumeClaim"
  readonly name: string
}

function referencesIn(value: unknown): Reference[] {
  if (typeof value !== "object" || value === null) return []
  return Object.entries(value).flatMap(([key, child]): Reference[] => {
    if (key === "secretName" && typeof child === "string") return [{ kind: "Secret", name: child }]
    if (key === "claimName" && typeof child === "string") return [{ kind: "PersistentVolumeClaim", name: child }]
    const name: unknown = SECRET_KEYS.includes(key) ? (child as { name?: unknown } | null)?.name : undefined
    const named: Reference[] = typeof name === "string" ? [{ kind: "Secret", name }] : []
    return [...named, ...referencesIn(child)]
  })
}

/** Refuses host aliases that lead session pods to another broker. */
export function checkHostAliases(aliases: unknown, config: TemplateConfig, faults: string[]): void {
  const broker = new URL(config.broker.url).hostname
  const [service = broker] = broker.split(".")
  for (const { hostnames } of Array.isArray(aliases) ? (aliases as { hostnames?: unknown }[]) : []) {
    for (const name of Array.isArray(hostnames) ? hostnames.map(String) : []) {
      const plain = name.toLowerCase().replace(/\.$/, "")
      if (plain === service || plain === broker || broker.startsWith(`${plain}.`) || plain.startsWith(`${broker}.`)) {
        faults.push(`sessions.podTemplate.spec.hostAliases: "${name}" is the name of the broker and cannot be set`)
      }
    }
  }
}
