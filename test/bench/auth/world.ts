import { fork } from "node:child_process"
import { createHash, randomBytes } from "node:crypto"
import { once } from "node:events"
import type { Database } from "../../../control-plane/server/database/index.ts"
import { repositoryRoot } from "../../../scripts/lib/paths.ts"

const sessions_count = 1_000

/** Whose requests are measured. */
export const owner = {
  userId: "usr_bench",
  email: "b@example.com",
  name: "b",
  role: "member",
  method: "password",
  loginId: null,
} as const
/** Somebody else, who may see what is public. */
export const observerId = "usr_observer"

/** Where one replica listens: as it is, and without asking who somebody is. */
export interface Listeners {
  readonly authenticated: string
  readonly open: string
}

/** A replica in a process of its own, which ends with this one. */
export function startReplica(url: string): { listeners: Promise<Listeners>; end(): void } {
  const child = fork(`${repositoryRoot}/test/bench/auth/server.ts`, [url, JSON.stringify(owner)])
  const listeners = once(child, "message").then(([message]) => message as Listeners)
  const failed = once(child, "exit").then(([code]) => {
    throw new Error(`a replica ended with ${code}`)
  })
  failed.catch(() => undefined)
  return { listeners: Promise.race([listeners, failed]), end: () => child.disconnect() }
}

/** Two people, one of whom has 1,000 sessions. */
export async function fill(database: Database): Promise<void> {
  const { userId, email, name, role } = owner
  await database("users").insert([
    { id: userId, issuer: "bench", subject: "b", email, name, role },
    { id: observerId, issuer: "bench", subject: "o", email: "o@example.com", name: "o", role },
  ])
  await database.raw(
    `INSERT INTO sessions (id, owner_id, title, visibility, desired, status, created_at)
     SELECT 'ses_' || i, ?, 'session ' || i, 'private', 'stopped', 'stopped', now() - make_interval(secs => i)
       FROM generate_series(1, ?) i`,
    [userId, sessions_count],
  )
  await database.raw("ANALYZE")
}

/** The cookie of a new login of this user. */
export async function signIn(database: Database, userId: string): Promise<string> {
  const token = randomBytes(32).toString("base64url")
  const later = new Date(Date.now() + 3_600_000)
  const row = { id: `lgn_${token.slice(0, 10)}`, user_id: userId, method: "password" }
  const token_hash = createHash("sha256").update(token).digest()
  await database("logins").insert({ ...row, token_hash, idle_expires_at: later, expires_at: later })
  return `berth-local=${token}`
}
