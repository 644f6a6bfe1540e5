import { AppError } from "../../errors/index.ts"

/**
 * The host name of a `Host` header, lower-cased, without port and brackets; null when it is not one.
 * Anything but letters, digits, dots and hyphens (or an address) is refused, so `good@evil` has no second reading.
 */
export function hostNameOf(header: string | undefined): string | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+))(?::\d{1,5})?$/.exec(header ?? "")
  const name = match?.[1] ?? match?.[2]
  return name === undefined ? null : name.toLowerCase()
}

/** Whether the server may be addressed so: an allowed name exactly, or one below an allowed ".suffix". */
export function isAllowedHost(header: string | undefined, allowed: readonly string[]): boolean {
  const name = hostNameOf(header)
  if (name === null) return false
  return allowed.some((entry) => (entry.startsWith(".") ? name.endsWith(entry) && name !== entry : name === entry))
}

/**
 * Refuses requests that were addressed to another name: DNS rebinding, and links made with a foreign host.
 * @throws AppError `host_not_allowed`
 */
export function requireAllowedHost(header: string | undefined, allowed: readonly string[]): void {
  if (isAllowedHost(header, allowed)) return
  throw new AppError(
    "host_not_allowed",
    "This server is not known under this name. An administrator can add it (controlPlane.host or controlPlane.extraHosts).",
  )
}
