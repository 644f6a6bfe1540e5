import { type SessionChoices, sealedColumns, type Vault } from "../../credentials/index.ts"
import { newId } from "../../crypto/index.ts"
import { withTransaction } from "../../database/index.ts"
import type { Database } from "../../database/types.ts"
import { AppError } from "../../errors/index.ts"
import type { Principal } from "../../identity/types.ts"
import { readSettings, type UserSettings } from "../../settings/index.ts"
import type { Clock } from "../../time/index.ts"
import type { Workloads } from "../../workloads/index.ts"
import { checkEnvironment, checkRepository, DEFAULT_TITLE, titleFrom } from "../input.ts"
import type { CreateSession } from "../service-types.ts"
import { firstSteps } from "../steps.ts"
import { countActive, countVolumes, findByIdempotencyKey, insertSession, lockOwner } from "../store/sessions.ts"

export interface CreateParts {
  readonly database: Database
  readonly workloads: Pick<Workloads, "store">
  readonly vault: Vault
  /** What the operator offers. */
  readonly choices: SessionChoices
  readonly clock: Clock
  /** 0: no limit. */
  readonly maxPerUser: number
  /** 0: no limit. */
  readonly maxVolumesPerUser: number
  /** Settings of somebody who has none of his own. */
  readonly defaults: UserSettings
}

/**
 * Stores a session and its workload, or finds the one that was made with the same key. Returns its id.
 * @throws AppError `invalid_request`, `limit_reached`, `idempotency_mismatch`
 */
export async function storeSession(
  parts: CreateParts,
  principal: Principal,
  input: CreateSession,
  idempotencyKey: string | undefined,
): Promise<{ id: string; created: boolean }> {
  const repository = input.repository === undefined ? null : checkRepository(input.repository)
  if (input.environment !== undefined) checkEnvironment(input.environment)
  // Of secret values of the environment too: whoever has only the database must not be able to try short ones.
  const wish = canonical(input)
  return await withTransaction(parts.database, async (transaction) => {
    const owner = await lockOwner(transaction, principal.userId)
    if (idempotencyKey !== undefined) {
      const earlier = await findByIdempotencyKey(transaction, principal.userId, idempotencyKey)
      if (earlier !== null && parts.vault.isFingerprint(earlier.hash, wish)) return { id: earlier.id, created: false }
      if (earlier !== null) {
        throw new AppError("idempotency_mismatch", "This Idempotency-Key was already used for another session.")
      }
    }
    // Behind the key: what an earlier request chose may be gone by now.
    await parts.choices.check(input)
    await requireRoom(parts.maxPerUser, transaction, principal.userId)
    await requireVolume(parts.maxVolumesPerUser, transaction, principal.userId)
    const id = newId("ses")
    const isPrivate = input.private ?? readSettings(owner.settings, parts.defaults).defaultVisibility === "private"
    await insertSession(transaction, {
      id,
      ownerId: principal.userId,
      title: input.title ?? defaultTitle(input),
      visibility: isPrivate ? "private" : "public",
      repository: repository === null ? null : { ref: null, depth: null, submodules: false, ...repository },
      profile: input.profile ?? null,
      binding: input.binding ?? null,
      environmentFiles: input.environmentFiles ?? [],
      environmentSealed: sealEnvironment(parts.vault, id, principal.userId, input.environment),
      tags: input.tags ?? {},
      steps: firstSteps(parts.clock.now()),
      idempotency: idempotencyKey === undefined ? null : { key: idempotencyKey, hash: parts.vault.fingerprint(wish) },
    })
    await parts.workloads.store.insert(transaction, id)
    return { id, created: true }
  })
}

/** @throws AppError `limit_reached` when this user's sessions are as many as may run at once */
export async function requireRoom(maxPerUser: number, transaction: Database, userId: string): Promise<void> {
  if (maxPerUser === 0 || (await countActive(transaction, userId)) < maxPerUser) return
  throw new AppError(
    "limit_reached",
    `At most ${maxPerUser} of your sessions may run at once. Stop or delete one first.`,
    {
      details: { maxPerUser },
    },
  )
}

async function requireVolume(maxVolumesPerUser: number, transaction: Database, userId: string): Promise<void> {
  if (maxVolumesPerUser === 0 || (await countVolumes(transaction, userId)) < maxVolumesPerUser) return
  throw new AppError(
    "limit_reached",
    `You have ${maxVolumesPerUser} sessions, and each keeps a volume, stopped ones too. Delete one that you no longer need.`,
    { details: { maxVolumesPerUser } },
  )
}

/** The first prompt's id follows from the session's: a repeated request stores it once. */
export function firstPromptId(sessionId: string): string {
  return `msg_${sessionId.slice(sessionId.indexOf("_") + 1)}`
}

function defaultTitle(input: CreateSession): string {
  if (input.initialUserPrompt !== undefined) return titleFrom(input.initialUserPrompt)
  return DEFAULT_TITLE
}

function sealEnvironment(
  vault: Vault,
  sessionId: string,
  ownerId: string,
  environment: CreateSession["environment"],
): Buffer | null {
  if (environment === undefined || Object.keys(environment).length === 0) return null
  return vault.seal(JSON.stringify(environment), sealedColumns.sessionEnvironment(sessionId, ownerId))
}

/** The same text for the same wish, whatever the order of its keys. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null"
  const entries = Object.entries(value)
    .filter(([, one]) => one !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(",")}}`
}
