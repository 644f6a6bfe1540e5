import type { Logger } from "pino"
import type { Database } from "../database/index.ts"
import { AppError } from "../errors/index.ts"
import type { Clock } from "../time/index.ts"
import { readStoredBytes, type StoredBytes } from "./room-store.ts"
import type { Change } from "./types.ts"

/** How much may be stored; 0 means no limit. */
export interface RoomLimits {
  readonly session_bytes_max: number
  /** Of all sessions of one user. */
  readonly owner_bytes_max: number
  /** Of the whole database: what is above is kept free for deletes, and for everything that is no transcript. */
  readonly database_bytes_max: number
}

const MIB = 1024 * 1024

/** The limits as an operator sets them. */
export function roomOf(sessions: {
  readonly maxStoredMiB: number
  readonly maxStoredMiBPerUser: number
  readonly maxDatabaseMiB: number
}): RoomLimits {
  return {
    session_bytes_max: sessions.maxStoredMiB * MIB,
    owner_bytes_max: sessions.maxStoredMiBPerUser * MIB,
    database_bytes_max: sessions.maxDatabaseMiB * MIB,
  }
}

export const NO_LIMITS: RoomLimits = { session_bytes_max: 0, owner_bytes_max: 0, database_bytes_max: 0 }

type Full = keyof StoredBytes

interface State {
  /** What may be written before the tables are measured again. */
  left_bytes: number
  full: Full | null
  measuredAt: number
  told: boolean
}

/** Written between two measurements, at most: measuring looks at every row of the owner's sessions. */
const SLICE_BYTES = 4 * MIB
/** How long a session that is full waits before its room is measured again. */
const FULL_MS = 10_000
/** How long a client waits that sends a refused prompt again by itself. */
const RETRY_S = 60
const STATES_MAX = 10_000
/** An event and a row of it are stored. */
const COPIES = 2

/**
 * Keeps what an agent or a person stores within its limits, so that no session fills the database for all others. What an
 * agent says above them is left out, with a notice; a prompt is refused. Measured on the disk, piece by piece, so that any
 * replica goes on where another one stopped.
 */
export class Room {
  readonly #database: Database
  readonly #clock: Clock
  readonly #log: Logger
  readonly #limits: RoomLimits
  readonly #states = new Map<string, State>()
  readonly #turns = new Map<string, Promise<void>>()

  constructor(options: { database: Database; clock: Clock; log: Logger; limits: RoomLimits }) {
    this.#database = options.database
    this.#clock = options.clock
    this.#log = options.log
    this.#limits = options.limits
  }

  /** Calls `write` with those of an agent's changes that there is room for: all, or those that take none and a notice. */
  async admit<T>(
    sessionId: string,
    changes: readonly Change[],
    write: (changes: readonly Change[]) => Promise<T>,
  ): Promise<T> {
    return await this.#inTurn(sessionId, async () => {
      const full = await this.#take(sessionId, bytesOf(changes))
      if (full === null) return await write(changes)
      const kept = changes.filter(({ type }) => TAKES_NO_ROOM.has(type))
      const state = this.#states.get(sessionId)
      const result = await write(state?.told === true ? kept : [...kept, this.#notice(full)])
      if (state !== undefined) state.told = true
      return result
    })
  }

  /** Calls `write`, which stores a prompt. @throws AppError `limit_reached` when there is no room for it */
  async require<T>(sessionId: string, chars: number, write: () => Promise<T>): Promise<T> {
    return await this.#inTurn(sessionId, async () => {
      const full = await this.#take(sessionId, COPIES * chars)
      if (full !== null) {
        const message = `${this.#sentence(full)} ${WHAT_TO_DO[full]}`
        throw new AppError("limit_reached", message, { retryAfter_s: RETRY_S })
      }
      return await write()
    })
  }

  /** One write of a session after the other: what is under way is not measured. */
  async #inTurn<T>(sessionId: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(sessionId) ?? Promise.resolve()
    const own = before.then(work)
    const settled = own.then(
      () => undefined,
      () => undefined,
    )
    this.#turns.set(sessionId, settled)
    try {
      return await own
    } finally {
      if (this.#turns.get(sessionId) === settled) this.#turns.delete(sessionId)
    }
  }

  async #take(sessionId: string, bytes: number): Promise<Full | null> {
    if (KINDS.every((kind) => this.#limits[`${kind}_bytes_max`] === 0)) return null
    const now = this.#clock.now()
    const known = this.#states.get(sessionId)
    if (known !== undefined && known.full !== null && now - known.measuredAt < FULL_MS) return known.full
    if (known !== undefined && known.full === null && known.left_bytes >= bytes) {
      known.left_bytes -= bytes
      return null
    }
    const stored = await readStoredBytes(this.#database, sessionId)
    if (stored === null) return null
    const full = this.#fullOf(stored, bytes)
    if (full === "database") this.#log.error({ stored }, "the database is nearly full, transcripts are not stored")
    if (this.#states.size >= STATES_MAX) this.#states.clear()
    const left_bytes = Math.min(SLICE_BYTES, this.#roomOf(stored) / 4) - bytes
    this.#states.set(sessionId, { left_bytes, full, measuredAt: now, told: full !== null && known?.told === true })
    return full
  }

  /** The first limit that this would pass. */
  #fullOf(stored: StoredBytes, bytes: number): Full | null {
    return KINDS.find((kind) => stored[kind] + bytes > this.#limitOf(kind)) ?? null
  }

  #roomOf(stored: StoredBytes): number {
    return Math.min(...KINDS.map((kind) => this.#limitOf(kind) - stored[kind]))
  }

  #limitOf(kind: Full): number {
    return this.#limits[`${kind}_bytes_max`] || Number.POSITIVE_INFINITY
  }

  #notice(full: Full): Change {
    const message = `${this.#sentence(full)} What the agent says now is not stored and does not appear here. ${WHAT_TO_DO[full]}`
    return { type: "notice", level: "error", code: "not_stored", message }
  }

  #sentence(full: Full): string {
    return `${SUBJECT[full]} ${Math.round(this.#limitOf(full) / MIB)} MiB.`
  }
}

const KINDS = ["session", "owner", "database"] as const

const SUBJECT: Readonly<Record<Full, string>> = {
  session: "This session has reached its limit of stored conversation,",
  owner: "Your sessions together have reached their limit of stored conversations,",
  database: "The database has reached the limit up to which conversations are stored,",
}

const WHAT_TO_DO: Readonly<Record<Full, string>> = {
  session: "Go on in a new session.",
  owner: "Delete sessions that you no longer need.",
  database: "Delete sessions that you no longer need, or ask an administrator for a larger volume.",
}

const TAKES_NO_ROOM: ReadonlySet<Change["type"]> = new Set(["requests.listed", "session.updated", "session.deleted"])

function bytesOf(changes: readonly Change[]): number {
  return changes.reduce((sum, change) => sum + COPIES * JSON.stringify(change).length, 0)
}
