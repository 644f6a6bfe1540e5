import { createHash } from "node:crypto"
import { RateLimiterPostgres, RateLimiterRes } from "rate-limiter-flexible"
import { limitKeyOf } from "../../addresses/index.ts"
import type { Database } from "../../database/index.ts"
import { AppError } from "../../errors/index.ts"

const WINDOW_S = 15 * 60

/** Attempts in 15 minutes. The account's own limit is wide: it must not be a way to lock somebody out. */
export const LIMITS = { pair: 10, address: 100, account: 200 } as const

/** The first attempt over a limit: this one is worth an entry in the record, those after it say nothing new. */
export class FirstOver extends AppError {}

/** Who tries to sign in, as limits see it. */
export interface Attempt {
  readonly account: string
  readonly address: string
  /** The id of a browser that signed in to this account before; null for any other. */
  readonly knownBrowser: string | null
}

/**
 * Guessing is slow for one address at one account, for one address at all accounts, and for all addresses at one account.
 * A browser that signed in to the account before has limits of its own: nobody else's attempts keep it out.
 */
export interface SignInLimits {
  /**
   * Counts an attempt before it is made, on all replicas together.
   * @throws AppError `too_many_requests`: a FirstOver for the first attempt too many in a while
   */
  attempt(attempt: Attempt): Promise<void>
  /** Takes back what a successful attempt had counted. */
  succeeded(attempt: Attempt): Promise<void>
}

/** Limits over the table `rate_limits`, which all replicas share. */
export function createSignInLimits(database: Database): SignInLimits {
  const limiter = (name: keyof typeof LIMITS) =>
    new RateLimiterPostgres({
      storeClient: database,
      storeType: "knex",
      tableName: "rate_limits",
      tableCreated: true,
      keyPrefix: `sign-in-${name}`,
      points: LIMITS[name],
      duration: WINDOW_S,
    })
  const limiters = { pair: limiter("pair"), address: limiter("address"), account: limiter("account") }
  const keysOf = ({ account, address, knownBrowser }: Attempt): [keyof typeof LIMITS, string][] => {
    if (knownBrowser !== null) {
      return [
        ["pair", digest(`known browser\n${account}\n${knownBrowser}`)],
        // Somebody who knew a former password can have made any number of browsers known.
        ["account", digest(`known browsers\n${account}`)],
      ]
    }
    const from = limitKeyOf(address)
    return [
      ["pair", digest(`${account}\n${from}`)],
      ["address", digest(from)],
      ["account", digest(account)],
    ]
  }

  return {
    async attempt(attempt) {
      for (const [name, key] of keysOf(attempt)) {
        try {
          await limiters[name].consume(key)
        } catch (error) {
          if (!(error instanceof RateLimiterRes)) throw error
          const wait_s = Math.max(1, Math.ceil(error.msBeforeNext / 1_000))
          const minutes = Math.ceil(wait_s / 60)
          const Over = error.consumedPoints === LIMITS[name] + 1 ? FirstOver : AppError
          throw new Over(
            "too_many_requests",
            `Too many attempts to sign in. Try again in ${minutes} minute${minutes === 1 ? "" : "s"}.`,
            { retryAfter_s: wait_s, detail: `limit ${name}` },
          )
        }
      }
    },
    async succeeded(attempt) {
      for (const [name, key] of keysOf(attempt)) {
        if (name === "pair") await limiters.pair.delete(key)
        else await limiters[name].reward(key)
      }
    },
  }
}

/** Keys are hashed: the table must not be a list of addresses, and a key has 255 characters at most. */
function digest(value: string): string {
  return createHash("sha256").update(value).digest("base64url")
}
