import type { Logger } from "pino"
import { type Database, type Notifications, translateDatabaseError } from "../database/index.ts"
import type { Clock } from "../time/index.ts"
import { readHistory, readTexts } from "./history.ts"
import { markInterrupted } from "./interrupt.ts"
import { Live } from "./live.ts"
import { readNextPrompt, readOwnIds, readRequests } from "./message-store.ts"
import { Notifier } from "./notifier.ts"
import { queuePrompt, setDelivery } from "./prompts.ts"
import { prune } from "./prune.ts"
import { Refused } from "./refused.ts"
import { NO_LIMITS, Room, type RoomLimits } from "./room.ts"
import type { Transcripts } from "./types.ts"
import { watch } from "./watch.ts"
import { type Fence, write } from "./write.ts"

export { roomOf } from "./room.ts"
export type { Change, SessionEvent, Transcripts } from "./types.ts"

export interface TranscriptsOptions {
  readonly database: Database
  readonly notifications: Notifications
  readonly clock: Clock
  readonly log: Logger
  /** How much may be stored; without it there is no limit. */
  readonly room?: RoomLimits
}

/**
 * Histories and live event logs of all sessions, over PostgreSQL.
 *
 * A delta of a growing text is written to the log only, which is also what watchers receive: storing the text with every
 * delta would rewrite all of it 20 times a second. Readers of the history put the deltas on top of the stored text; the
 * agent's whole text replaces it when the part ends, and `markInterrupted` stores what there is when it never does. So
 * everything that a watcher has seen is durable before he sees it.
 *
 * Measured with PostgreSQL on the same 2 cores, which were busy with other work (load 6): 700 batches of deltas a second
 * for one session and 1,270 for ten; 110 and 250 batches that write a message and a part; from before `append` to 20
 * watchers 4 ms in the median on the same and on another replica. One busy agent makes at most 25 batches a second.
 */
export function createTranscripts(options: TranscriptsOptions): Transcripts {
  const { database, clock, log } = options
  const live = new Live(options)
  const notifier = new Notifier(database, log)
  const grown = (sessionId: string) => {
    live.poke(sessionId)
    notifier.notify(sessionId)
  }
  const refused = new Refused()
  const room = new Room({ database, clock, log, limits: options.room ?? NO_LIMITS })
  const append = async (fence: Fence, changes: Parameters<Transcripts["append"]>[1]) => {
    const written = refused.write(fence.sessionId, changes, (some) => write(database, fence, some))
    if ((await translated(written)) > 0) grown(fence.sessionId)
  }
  return {
    async queuePrompt(input, first) {
      const { sessionId, text } = input
      const message = await translated(
        room.require(sessionId, text.length, () => queuePrompt(database, clock, input, first)),
      )
      grown(input.sessionId)
      return message
    },
    ownPrompts: (sessionId, limit) => translated(readOwnIds(database, sessionId, limit)),
    nextPrompt: (sessionId) => translated(readNextPrompt(database, sessionId)),
    async markSending(lease, messageId, agentMessageId) {
      await setDelivery(database, lease, messageId, { delivery: "sending", awaited: true, agentMessageId })
      grown(lease.sessionId)
    },
    async markSent(lease, messageId) {
      await setDelivery(database, lease, messageId, { delivery: "sent" })
      grown(lease.sessionId)
    },
    async markAnswered(lease, messageId) {
      await setDelivery(database, lease, messageId, { delivery: "sent", awaited: false })
      grown(lease.sessionId)
    },
    async markFailed(lease, messageId, error) {
      await setDelivery(database, lease, messageId, { delivery: "failed", awaited: false, error })
      grown(lease.sessionId)
    },
    append: (lease, changes) => room.admit(lease.sessionId, changes, (admitted) => append(lease, admitted)),
    async markInterrupted(lease) {
      const { events, unanswered } = await markInterrupted(database, lease)
      if (events > 0) grown(lease.sessionId)
      return unanswered > 0
    },
    publish: (sessionId, change) => append({ sessionId, epoch: null }, [change]),
    texts: (sessionId, partIds) => readTexts(database, sessionId, partIds),
    list: (sessionId, page) => readHistory(database, sessionId, page),
    requests: (sessionId, state) => translated(readRequests(database, sessionId, state)),
    watch: (sessionId, afterSeq, signal) => watch({ database, live }, sessionId, afterSeq, signal),
    prune: (age_ms) => prune(database, age_ms),
  }
}

/** @throws AppError `unavailable` when the database is */
async function translated<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw translateDatabaseError(error)
  }
}
