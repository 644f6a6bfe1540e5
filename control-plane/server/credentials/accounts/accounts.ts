import { createHash } from "node:crypto"
import type { Audit } from "../../audit/types.ts"
import { randomName, randomToken } from "../../crypto/index.ts"
import { type Database, withTransaction } from "../../database/index.ts"
import { AppError } from "../../errors/index.ts"
import type { Logger } from "../../observability/index.ts"
import { sealedColumns } from "../vault/columns.ts"
import type { Vault } from "../vault/vault.ts"
import { type AccountProvider, HostRefused } from "./provider.ts"
import { revokeAccount } from "./revoking.ts"
import { type AccountRecord, deleteAccount, insertAccount, insertAttempt, listAccounts, takeAttempt } from "./store.ts"
import { sealTokens } from "./tokens.ts"

const ATTEMPT_MS = 600_000

/** A linked account as its owner sees it. Times are milliseconds since the epoch. */
export interface AccountView {
  readonly id: string
  readonly provider: string
  readonly host: string
  readonly login: string
  readonly name: string
  readonly email: string
  /** Why it has to be linked again; null while it works. */
  readonly brokenReason: string | null
  readonly createdAt: number
}

interface Actor {
  readonly userId: string
  readonly email: string
}

/** A user's accounts at git hosts. */
export interface LinkedAccounts {
  /** Where accounts can be linked, and where repositories let that host's app in. */
  available(): { provider: string; host: string; installUrl: string | null }[]
  list(userId: string): Promise<AccountView[]>
  /** The address at the host that the browser goes to. @throws AppError `not_found` for an unknown provider. */
  begin(actor: Actor, provider: string): Promise<{ url: string }>
  /**
   * What came back with the browser. An earlier account of the user at this host is replaced.
   * @throws AppError `invalid_request` for a `state` that is unknown, used, too old or another user's, and when the user
   * or the host refused; `upstream_refused` when the host cannot be reached.
   */
  complete(
    actor: Actor,
    provider: string,
    answer: { state?: string; code?: string; error?: string },
  ): Promise<AccountView>
  /** Forgotten here at once, then ended at the host. @throws AppError `not_found` */
  unlink(actor: Actor, id: string): Promise<void>
}

export interface LinkedAccountsOptions {
  readonly database: Database
  readonly vault: Vault
  readonly audit: Audit
  readonly log: Logger
  readonly providers: readonly AccountProvider[]
  /** The callback's address for a provider's id, as registered with the host. */
  readonly redirectUri: (provider: string) => string
}

/** Linking with state and PKCE; both are stored on our side and count once. */
export function createLinkedAccounts(options: LinkedAccountsOptions): LinkedAccounts {
  const { database, vault, audit, providers } = options
  const providerOf = (id: string) => {
    const provider = providers.find((one) => one.id === id)
    if (provider === undefined) throw new AppError("not_found", `Accounts of "${id}" cannot be linked here.`)
    return provider
  }
  const note = (actor: Actor, action: string, account: Pick<AccountRecord, "host" | "login">, within?: Database) => {
    const facts = { host: account.host, login: account.login }
    return audit.record({ actorId: actor.userId, actor: actor.email, action, outcome: "ok", facts }, within)
  }
  return {
    available: () => providers.map(({ id, host, installUrl }) => ({ provider: id, host, installUrl })),
    list: async (userId) => (await listAccounts(database, userId)).map(viewOf),
    async begin(actor, id) {
      const provider = providerOf(id)
      const [state, verifier] = [randomToken(), randomToken()]
      const stateHash = digest(state)
      const verifierSealed = vault.seal(verifier, sealedColumns.linkVerifier(stateHash, actor.userId))
      await insertAttempt(database, { stateHash, userId: actor.userId, provider: id, verifierSealed }, ATTEMPT_MS)
      const challenge = digest(verifier).toString("base64url")
      return { url: provider.authorizeUrl({ state, challenge, redirectUri: options.redirectUri(id) }).href }
    },
    async complete(actor, id, answer) {
      const provider = providerOf(id)
      const verifier = await verifierOf(options, actor, id, answer.state)
      if (answer.error !== undefined || answer.code === undefined) throw notLinked(provider, answer.error ?? "no code")
      const account = await redeem(options, actor, provider, { code: answer.code, verifier })
      const { stored, earlier } = await withTransaction(database, async (transaction) => {
        const inserted = await insertAccount(transaction, account)
        await note(actor, "account.link", inserted.stored, transaction)
        return inserted
      })
      if (earlier !== null) await revokeAccount(options, earlier)
      return viewOf(stored)
    },
    async unlink(actor, id) {
      const account = await withTransaction(database, async (transaction) => {
        const found = await deleteAccount(transaction, actor.userId, id)
        if (found === null) throw new AppError("not_found", "There is no such linked account.")
        await note(actor, "account.unlink", found, transaction)
        return found
      })
      await revokeAccount(options, account)
    },
  }
}

async function verifierOf(
  { database, vault }: LinkedAccountsOptions,
  actor: Actor,
  provider: string,
  state: string | undefined,
): Promise<string> {
  const attempt = state === undefined ? null : await takeAttempt(database, digest(state))
  // Another user's attempt would link his account to this user: it is used up all the same.
  if (attempt === null || attempt.userId !== actor.userId || attempt.provider !== provider) {
    throw new AppError("invalid_request", "This linking was not begun here, or it is too old. Begin again.")
  }
  return vault.open(attempt.verifierSealed, sealedColumns.linkVerifier(attempt.stateHash, actor.userId)).reveal()
}

async function redeem(
  { vault, redirectUri }: LinkedAccountsOptions,
  actor: Actor,
  provider: AccountProvider,
  request: { code: string; verifier: string },
): Promise<Omit<AccountRecord, "brokenReason" | "createdAt">> {
  try {
    const tokens = await provider.exchange({ ...request, redirectUri: redirectUri(provider.id) })
    const identity = await provider.identify(tokens.access)
    const id = `acc_${randomName(20)}`
    const { userId } = actor
    return {
      id,
      userId,
      provider: provider.id,
      host: provider.host,
      ...identity,
      ...sealTokens(vault, { id, userId }, tokens),
    }
  } catch (error) {
    if (error instanceof HostRefused) throw notLinked(provider, error.code)
    throw error
  }
}

function notLinked(provider: AccountProvider, code: string): AppError {
  return new AppError(
    "invalid_request",
    `${provider.host} did not link the account: ${code.slice(0, 100)}. Begin again.`,
  )
}

function viewOf(account: AccountRecord): AccountView {
  const { id, provider, host, login, name, email, brokenReason, createdAt } = account
  return { id, provider, host, login, name, email, brokenReason, createdAt }
}

function digest(value: string): Buffer {
  return createHash("sha256").update(value).digest()
}
