import type pg from "pg"

/** A connection of the pool, with the mark by which knex knows that it must not be handed out again. */
export interface PoolConnection extends pg.Client {
  __knex__disposed?: unknown
}

interface Watched {
  /** Statements that wait for their answer. */
  waiting: number
  /** When the server was last heard on it. */
  heardAt: number
}

type Callback = (error: Error | null, result: unknown) => void

const isCallback = (value: unknown): value is Callback => typeof value === "function"

/**
 * Cuts connections that go nowhere. One whose answer did not come in time is closed: with pg's time limit alone it would
 * go back into the pool, and every later statement on it would fail too. So are those that lie idle and were last
 * heard before that statement was sent: what cut one off has most likely cut off all of them.
 */
export class DeadConnections {
  readonly #watched = new Map<PoolConnection, Watched>()

  watch(connection: PoolConnection): void {
    const state: Watched = { waiting: 0, heardAt: performance.now() }
    this.#watched.set(connection, state)
    connection.once("end", () => this.#watched.delete(connection))
    const query = connection.query.bind(connection) as (...args: unknown[]) => unknown
    const watched = (...args: unknown[]) => {
      const sentAt = performance.now()
      state.waiting += 1
      const heard = (error?: Error | null) => {
        state.waiting -= 1
        if (error?.message === "Query read timeout") this.#cut(connection, sentAt)
        else state.heardAt = performance.now()
      }
      // knex calls with a callback, transactions included; others, such as the rate limiter, take the promise.
      const callback = args.at(-1)
      if (isCallback(callback)) {
        return query(...args.slice(0, -1), (error: Error | null, result: unknown) => {
          heard(error)
          callback(error, result)
        })
      }
      const answer = query(...args) as Promise<unknown>
      answer.then(() => heard(), heard)
      return answer
    }
    connection.query = watched as PoolConnection["query"]
  }

  #cut(connection: PoolConnection, sentAt: number): void {
    destroy(connection)
    for (const [other, { waiting, heardAt }] of this.#watched) if (waiting === 0 && heardAt < sentAt) destroy(other)
  }
}

/** Without a word to the server: the words would go nowhere too. */
function destroy(connection: PoolConnection): void {
  connection.__knex__disposed ??= new Error("The connection is dead.")
  const { stream } = (connection as unknown as { connection: { stream: { destroy(): void } } }).connection
  stream.destroy()
}
