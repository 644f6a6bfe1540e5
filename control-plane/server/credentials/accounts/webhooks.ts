import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible"
import { limitKeyOf } from "../../addresses/index.ts"
import type { Audit } from "../../audit/types.ts"
import { type Database, withTransaction } from "../../database/index.ts"
import { AppError, isAppError } from "../../errors/index.ts"
import type { Logger } from "../../observability/index.ts"
import type { AccountTokenOf } from "./access.ts"
import type { AccountProvider, Delivery, SignedRequest } from "./provider.ts"
import { type AccountRecord, deleteAccount, findAccountsOf } from "./store.ts"
import { noteBody, noteDelivery, notifyAccounts } from "./webhook-store.ts"

/** Wrong signatures a minute and address that are answered and told one by one. */
const WRONG_MAX = 20
const WINDOW_S = 60

/** What git hosts tell by themselves. */
export interface AccountWebhooks {
  /**
   * One delivery. Resolves once it is acted upon; a repeat changes nothing.
   * @throws AppError `not_found` where nothing is told, `unauthenticated` for a wrong signature, `too_many_requests`
   * after many of those from one address, `invalid_request`
   */
  receive(provider: string, request: SignedRequest, from: { address: string; requestId: string }): Promise<void>
}

interface Options {
  readonly database: Database
  readonly audit: Audit
  readonly log: Logger
  readonly providers: readonly AccountProvider[]
  readonly tokenOf: AccountTokenOf
}

type From = Parameters<AccountWebhooks["receive"]>[2]

/**
 * A signature covers the body alone, neither the delivery's id nor a time. So an event is a reason to look, not the
 * truth: a revocation unlinks what the host itself does not take any more. A host that cannot be asked is believed once
 * for the same bytes.
 */
export function createAccountWebhooks(options: Options): AccountWebhooks {
  const { audit, providers } = options
  const wrong = new RateLimiterMemory({ points: WRONG_MAX, duration: WINDOW_S })

  /** Never keeps a right signature out: others may share the host's address, behind a proxy. */
  async function refuse(provider: AccountProvider, from: From, error: AppError): Promise<never> {
    try {
      await wrong.consume(limitKeyOf(from.address))
    } catch (limit) {
      if (!(limit instanceof RateLimiterRes)) throw limit
      const retryAfter_s = Math.max(1, Math.ceil(limit.msBeforeNext / 1_000))
      throw new AppError("too_many_requests", "Too many wrong signatures.", { retryAfter_s })
    }
    const facts = { host: provider.host, why: error.message }
    await audit.record({ ...actorOf(provider), ...from, action: "webhook.receive", outcome: "refused", facts })
    throw error
  }

  return {
    async receive(id, request, from) {
      const provider = providers.find((one) => one.id === id)
      if (provider === undefined) throw new AppError("not_found", `Nothing is told about accounts of "${id}" here.`)
      const delivery = await provider.readDelivery(request).catch((error: unknown) => {
        if (isAppError(error, "unauthenticated")) return refuse(provider, from, error)
        throw error
      })
      const { event } = delivery
      if (event.kind === "revoked") await unlinkRevoked(options, provider, { ...delivery, event, ...request }, from)
      if (event.kind === "installation") await tellInstallation(options, provider, delivery, from)
    },
  }
}

const actorOf = ({ host }: AccountProvider) => ({ actorId: null, actor: host })

/** Who has withdrawn his authorization has no account here any more, whichever users had linked it. */
async function unlinkRevoked(
  options: Options,
  provider: AccountProvider,
  delivery: Delivery & { readonly event: { readonly subject: string }; readonly body: Buffer },
  from: From,
): Promise<void> {
  const { database, audit } = options
  const { subject } = delivery.event
  const accounts = await findAccountsOf(database, { provider: provider.id, host: provider.host, subject })
  const seen = await Promise.all(
    accounts.map(async (account) => ({ account, works: await works(options, provider, account) })),
  )
  await withTransaction(database, async (transaction) => {
    if (!(await noteDelivery(transaction, provider.id, delivery.id))) return
    const isRepeated = !(await noteBody(transaction, provider.id, delivery.body))
    if (isRepeated && seen.some(({ works }) => works === null)) throw cannotAsk(provider)
    for (const { account, works } of seen) {
      if (!works && (await deleteAccount(transaction, account.userId, account.id)) === null) continue
      const facts = {
        host: provider.host,
        login: account.login,
        userId: account.userId,
        delivery: delivery.id,
        ...(works ? { why: "the host still takes the account's token" } : {}),
      }
      const event = { ...actorOf(provider), ...from, action: "account.unlink", facts }
      await audit.record({ ...event, outcome: works ? "refused" : "ok" }, transaction)
    }
  })
}

/** Nothing of it counts: sent again, it is looked at anew. */
function cannotAsk({ host }: AccountProvider): AppError {
  const message = `${host} cannot be asked whether this account is over, and the same was told before. Send it again later.`
  return new AppError("unavailable", message, { retryAfter_s: 60 })
}

/** Null when the host cannot be asked. */
async function works(
  { tokenOf, log }: Options,
  provider: AccountProvider,
  { id, userId, host }: AccountRecord,
): Promise<boolean | null> {
  try {
    const token = await tokenOf(userId, host)
    return token !== null && (await provider.accepts(token))
  } catch (error) {
    // It has to be linked again already.
    if (isAppError(error, "forbidden")) return false
    log.info({ err: error, account: id, host }, "an account that its host calls revoked could not be asked for")
    return null
  }
}

async function tellInstallation(
  { database, audit }: Options,
  provider: AccountProvider,
  { id, event }: Delivery,
  from: From,
): Promise<void> {
  await withTransaction(database, async (transaction) => {
    if (!(await noteDelivery(transaction, provider.id, id))) return
    await notifyAccounts(transaction, provider.host)
    const { kind: _, ...what } = event
    const facts = { host: provider.host, delivery: id, ...what }
    await audit.record(
      { ...actorOf(provider), ...from, action: "installation.change", outcome: "ok", facts },
      transaction,
    )
  })
}
