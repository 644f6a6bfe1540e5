import type { Database } from "../database/types.ts"
import { AppError } from "../errors/index.ts"
import type { Clock } from "../time/index.ts"
import { DAY_MS, dayOf } from "./day.ts"
import { sumUsage } from "./store.ts"
import type { UsagePage, UsageQuery } from "./types.ts"

export { createUsage, type Usage } from "./counter.ts"
export type { UsagePage, UsageQuery } from "./types.ts"

const SHOWN_DAYS = 30

/** Reading what was counted. */
export interface UsageReport {
  /** By user and provider, in the order of their ids. @throws AppError `invalid_request` when `from` is after `to` */
  list(query: UsageQuery): Promise<UsagePage>
}

/** The figures of all sessions, of deleted ones too. */
export function createUsageReport({ database, clock }: { database: Database; clock: Clock }): UsageReport {
  return {
    async list({ cursor = "", limit, ...days }) {
      const to = days.to ?? dayOf(clock.now())
      const from = days.from ?? dayOf(Date.parse(to) - (SHOWN_DAYS - 1) * DAY_MS)
      if (from > to) {
        throw new AppError("invalid_request", `The first day, ${from}, is after the last one, ${to}.`, {
          details: { field: "query.from" },
        })
      }
      const [userId = "", provider = ""] = cursor.split("/")
      const found = await sumUsage(database, { from, to, after: { userId, provider }, limit: limit + 1 })
      const items = found.slice(0, limit)
      const last = items.at(-1)
      return { from, to, items, nextCursor: found.length > limit && last ? `${last.userId}/${last.provider}` : null }
    },
  }
}
