import { createHash } from "node:crypto"
import type { Secret } from "../../crypto/index.ts"
import { SCOPES, type Scope } from "../permissions.ts"

/** A key of the operator's Secret: who it stands for and how far it reaches. Only its hash is kept. */
export interface StaticKey {
  readonly hash: string
  readonly user: string
  readonly role: string
  readonly scopes: readonly Scope[]
  /** Milliseconds since the epoch; null: never. */
  readonly expiresAt: number | null
}

// What other systems' key files say for the same things.
const ALIASES: Readonly<Record<string, readonly Scope[]>> = {
  "*": SCOPES,
  admin: SCOPES,
  "session:list": ["sessions:read"],
  "session:read": ["sessions:read"],
  "session:access": ["sessions:read"],
  "session:create": ["sessions:write"],
  "session:update": ["sessions:write"],
  "session:delete": ["sessions:write"],
}

/**
 * Reads `key1,key2`, `API_KEYS=key1,key2`, or a JSON list of `{keyHash | key, user, role, permissions, expiresAt}`
 * (also under `api_keys`, with `user_id` and `expires_at`). `keyHash` is SHA-256 in hex.
 * @throws Error that names the entry and the fault, never the key
 */
export function readStaticKeys(secret: Secret | undefined): StaticKey[] {
  const text = secret?.reveal().trim() ?? ""
  if (text === "") return []
  const keys = /^[[{]/.test(text) ? readJson(text) : readPlain(text)
  const hashes = new Set(keys.map((key) => key.hash))
  if (hashes.size !== keys.length) throw new Error("API keys: a key is there twice")
  return keys
}

/** What is wrong with the operator's keys, for the start-up check that reports every fault at once. */
export function apiKeyFaults(secret: Secret | undefined): string[] {
  try {
    readStaticKeys(secret)
    return []
  } catch (error) {
    return [error instanceof Error ? error.message : "API keys: cannot be read"]
  }
}

/** The hash under which a key is looked up. */
export function hashKey(key: string): string {
  return createHash("sha256").update(key).digest("hex")
}

function readPlain(text: string): StaticKey[] {
  const list = text.replace(/^API_KEYS=/, "").split(/[,\s]+/)
  return list
    .filter((key) => key !== "")
    .map((key, index) => {
      requireStrong(key, index)
      const hash = hashKey(key)
      return { hash, user: `api-key-${hash.slice(0, 8)}`, role: "member", scopes: SCOPES, expiresAt: null }
    })
}

function readJson(text: string): StaticKey[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Error("API keys: the list is not JSON")
  }
  const list = Array.isArray(value) ? value : (value as { api_keys?: unknown } | null)?.api_keys
  if (!Array.isArray(list)) throw new Error("API keys: expected a list, or a list under api_keys")
  return list.map((entry, index) => readEntry((entry ?? {}) as Record<string, unknown>, index))
}

function readEntry(entry: Record<string, unknown>, index: number): StaticKey {
  const fault = (what: string) => new Error(`API keys: entry ${index + 1} ${what}`)
  const user = entry.user ?? entry.user_id
  const { role = "member", permissions = ["*"] } = entry
  if (typeof user !== "string" || !/^[\x21-\x7e]{1,128}$/.test(user)) throw fault("needs user, up to 128 characters")
  if (typeof role !== "string" || role === "") throw fault("has a role that is not a name")
  if (!Array.isArray(permissions)) throw fault("has permissions that are not a list")
  const scopes = permissions.flatMap((name: unknown) => {
    const known = SCOPES.find((scope) => scope === name)
    const granted = known ? [known] : ALIASES[String(name)]
    if (granted === undefined) throw fault(`has a permission that is not known: ${String(name).slice(0, 40)}`)
    return granted
  })
  const expiry = entry.expiresAt ?? entry.expires_at ?? null
  const expiresAt = expiry === null || expiry === "" ? null : new Date(expiry as string | number).getTime()
  if (Number.isNaN(expiresAt)) throw fault("has an expiry that is not a time")
  return { hash: hashOf(entry, index, fault), user, role, scopes: [...new Set(scopes)], expiresAt }
}

function hashOf(entry: Record<string, unknown>, index: number, fault: (what: string) => Error): string {
  const { key, keyHash } = entry
  if (typeof keyHash === "string" && /^[0-9a-f]{64}$/i.test(keyHash)) return keyHash.toLowerCase()
  if (typeof key !== "string") throw fault("needs keyHash (SHA-256 in hex) or key")
  requireStrong(key, index)
  return hashKey(key)
}

function requireStrong(key: string, index: number): void {
  if (!/^[\x21-\x7e]{16,1024}$/.test(key)) {
    throw new Error(`API keys: key ${index + 1} must have 16 to 1024 visible ASCII characters`)
  }
}
