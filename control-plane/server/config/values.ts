import { createHash } from "node:crypto"
import { isIP } from "node:net"
import { Secret } from "../crypto/index.ts"
import type { Faults } from "./faults.ts"
import type { EncryptionKey, Listen } from "./types.ts"

const KEY_BYTES = 32
const HOST = /^\.?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/

/** `host:port`, with `[…]` around an IPv6 address. */
export function parseListen(name: string, value: string, faults: Faults): Listen {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(value)
  const port = Number(match?.[3])
  if (!match || port > 65_535) {
    faults.add(`${name} must be <address>:<port>, for example 0.0.0.0:8080; it is "${value}"`)
    return { host: "", port: 0 }
  }
  return { host: match[1] ?? match[2] ?? "", port }
}

/** The key ring, newest first: entries separated by commas or newlines, each `<id>:<base64>` or bare base64 of 32 bytes. */
export function parseKeyRing(name: string, value: string | undefined, faults: Faults): EncryptionKey[] {
  const entries = (value ?? "")
    .split(/[,\n]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "")
  if (entries.length === 0) faults.add(`${name} must hold at least one key: base64 of ${KEY_BYTES} random bytes`)
  const keys: EncryptionKey[] = []
  for (const [index, entry] of entries.entries()) {
    const colon = entry.indexOf(":")
    const encoded = colon < 0 ? entry : entry.slice(colon + 1)
    const bytes = Buffer.from(encoded, "base64")
    if (bytes.length !== KEY_BYTES || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(encoded)) {
      faults.add(`${name}: key ${index + 1} is not base64 of ${KEY_BYTES} bytes`)
      continue
    }
    const id = colon < 0 ? createHash("sha256").update(bytes).digest("hex").slice(0, 8) : entry.slice(0, colon)
    if (!/^[A-Za-z0-9._-]{1,32}$/.test(id)) {
      faults.add(`${name}: the id of key ${index + 1} must be 1 to 32 letters, digits, ".", "_" or "-"`)
    } else if (keys.some((key) => key.id === id)) {
      faults.add(`${name}: two keys have the id "${id}"`)
    } else {
      keys.push({ id, key: new Secret(bytes.toString("base64")) })
    }
  }
  return keys
}

/**
 * Names under which the control plane may be addressed, lower-cased; a leading "." stands for every name below it.
 * Without any, only this machine's own names are allowed: that is what a port-forward uses.
 */
export function parseAllowedHosts(name: string, value: string | undefined, host: string, faults: Faults): string[] {
  const hosts = new Set<string>()
  for (const entry of [host, ...(value ?? "").split(",")]) {
    // A port belongs to the address that people use, not to the name.
    const withoutPort = entry.trim().replace(/^([^:[\]]+|\[.*\]):\d{1,5}$/, "$1")
    const normal = withoutPort.toLowerCase().replace(/^\[(.*)\]$/, "$1")
    if (normal === "") continue
    if (HOST.test(normal) || isIP(normal) !== 0) hosts.add(normal)
    else faults.add(`${name}: "${entry.trim()}" is not a host name (no scheme, no path)`)
  }
  return hosts.size > 0 ? [...hosts] : ["localhost", "127.0.0.1", "::1"]
}
