import type { Vault } from "../../credentials/index.ts"
import { type Database, writePersistently } from "../../database/index.ts"
import type { Logger } from "../../observability/index.ts"
import type { Clock } from "../../time/index.ts"
import type { LoginOptions } from "../logins/index.ts"
import { type ActiveLogin, deleteLogins, findProvider, saveProvider, takeCheck } from "../logins/store.ts"
import { explain } from "./failures.ts"
import type { OidcSignIn, ProviderTokens } from "./index.ts"

/** Without a refresh token nobody can be asked, so the sign-in is made again after half a day. */
const LIFE_WITHOUT_REFRESH_MS = 12 * 3_600_000
/** How long one process has for asking; then, after a failure, another may try. */
const TURN_MS = 60_000

/** Keeps what the provider gave with a login, sealed, and asks the provider with it. */
export interface ProviderLogins {
  /** How a login is stored that came with these tokens. */
  optionsFor(userId: string, tokens: ProviderTokens): Pick<LoginOptions, "life_ms" | "provider">
  /** Asks the provider about a login whose time has come. False when it is over; then it is deleted. */
  keepInStep(login: ActiveLogin): Promise<boolean>
  /** Where this login is signed out at the provider; null when there is no such place. */
  signOutUrl(loginId: string): Promise<string | null>
}

/** The keeping of provider tokens in the table `logins`. */
export function createProviderLogins(parts: {
  database: Database
  clock: Clock
  log: Logger
  vault: Pick<Vault, "seal" | "open">
  oidc: OidcSignIn
}): ProviderLogins {
  const { database, clock, log, vault, oidc } = parts
  const contextOf = (row: string, owner: string) => ({ table: "logins", column: "provider_sealed", row, owner })
  const seal = (loginId: string, userId: string, { valid_ms, ...tokens }: ProviderTokens) =>
    vault.seal(JSON.stringify(tokens), contextOf(loginId, userId))
  const open = (loginId: string, { userId, sealed }: { userId: string; sealed: Buffer }) =>
    JSON.parse(vault.open(sealed, contextOf(loginId, userId)).reveal()) as Omit<ProviderTokens, "valid_ms">

  const unsaved = createUnsaved(parts)

  return {
    optionsFor(userId, tokens) {
      const provider = {
        seal: (loginId: string) => seal(loginId, userId, tokens),
        checkAt: tokens.refreshToken === null ? null : clock.now() + tokens.valid_ms,
      }
      return tokens.refreshToken === null ? { provider, life_ms: LIFE_WITHOUT_REFRESH_MS } : { provider }
    },

    async keepInStep(login) {
      const now = clock.now()
      // One process at a time: a provider that rotates refresh tokens takes a second use for a theft.
      const turn = await takeCheck(database, login.id, now, now + TURN_MS)
      if (turn === null) return true
      if (await unsaved.saveInPlaceOf(login.id, turn.sealed)) return true
      try {
        const tokens = await oidc.refresh(open(login.id, turn))
        if (tokens === null) {
          await deleteLogins(database, { userId: login.userId, id: login.id })
          log.info({ login: login.id, user: login.userId }, "the identity provider ended a sign-in")
          return false
        }
        const given = { sealed: seal(login.id, login.userId, tokens), checkAt: clock.now() + tokens.valid_ms }
        await unsaved.save(login.id, { was: turn.sealed, ...given })
      } catch (error) {
        const told = { err: error, ...explain(error), login: login.id }
        log.warn(told, "the identity provider could not be asked about a sign-in, which goes on until it can be")
      }
      return true
    },

    async signOutUrl(loginId) {
      const found = await findProvider(database, loginId)
      if (found === null) return null
      try {
        return await oidc.signOutUrl(open(loginId, found).idToken)
      } catch (error) {
        log.warn({ err: error, login: loginId }, "the sign-out address of the identity provider is not known")
        return null
      }
    },
  }
}

interface Given {
  readonly was: Buffer
  readonly sealed: Buffer
  readonly checkAt: number
}

/** What a provider gave and the database has not taken yet: the token before it is used up. */
function createUnsaved({ database, clock, log }: { database: Database; clock: Clock; log: Logger }) {
  const unsaved = new Map<string, Given>()
  const write = async (loginId: string) => {
    await writePersistently({ clock, log }, "tokens of a sign-in", async () => {
      const given = unsaved.get(loginId)
      if (given === undefined) return
      await saveProvider(database, loginId, given.was, given)
      if (unsaved.get(loginId) === given) unsaved.delete(loginId)
    })
  }
  return {
    async save(loginId: string, given: Given): Promise<void> {
      unsaved.set(loginId, given)
      await write(loginId)
    },
    /** False when there is nothing in place of what the database has. */
    async saveInPlaceOf(loginId: string, sealed: Buffer): Promise<boolean> {
      if (unsaved.get(loginId)?.was.equals(sealed) !== true) return false
      await write(loginId)
      return true
    },
  }
}
