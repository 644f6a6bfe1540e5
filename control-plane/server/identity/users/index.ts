import type { Audit } from "../../audit/types.ts"
import { type Database, withTransaction } from "../../database/index.ts"
import { AppError } from "../../errors/index.ts"
import { requireMayEnable, requireMayGiveRole } from "../grants.ts"
import { deleteLogins } from "../logins/store.ts"
import { ADMINISTRATOR, type Principal } from "../types.ts"
import {
  countAdministrators,
  findUser,
  LOCAL_ISSUER,
  listUsers,
  lockAdministrators,
  type UserRecord,
  updateUser,
} from "./store.ts"

/** A person as administrators see them. Times are milliseconds since the epoch. */
export interface UserView {
  readonly id: string
  readonly issuer: string
  readonly email: string
  readonly name: string
  readonly role: string
  readonly disabled: boolean
  readonly createdAt: number
  readonly lastSignInAt: number | null
}

export interface UserPatch {
  readonly role?: string
  readonly disabled?: boolean
  readonly name?: string
}

/** What administrators do with people, and everybody with their own name. */
export interface Users {
  list(query: { q?: string; cursor?: string; limit: number }): Promise<{ items: UserView[]; nextCursor: string | null }>
  /**
   * Also ends a disabled user's logins. The audit event is stored together with the change.
   * @throws AppError `not_found`, `conflict` when nobody would be left to administer, or for the name of somebody
   * whose name comes from an identity provider, `forbidden` for what an API token may not give
   */
  update(by: Principal, id: string, patch: UserPatch): Promise<UserView>
  /** Gives oneself another name. @throws AppError `conflict` when it comes from an identity provider */
  rename(self: Principal, name: string): Promise<UserView>
}

/** Administration of the table `users`. */
export function createUsers({ database, audit }: { database: Database; audit: Audit }): Users {
  const note = async (by: Principal, facts: Record<string, unknown>, transaction: Database) => {
    const who = { actorId: by.userId, actor: by.email }
    await audit.record({ ...who, action: "user.update", outcome: "ok", facts }, transaction)
  }
  return {
    async list({ limit, ...query }) {
      const users = await listUsers(database, { ...query, limit: limit + 1 })
      const items = users.slice(0, limit)
      return { items: items.map(viewOf), nextCursor: users.length > limit ? (items.at(-1)?.id ?? null) : null }
    },
    async update(by, id, patch) {
      return await withTransaction(database, async (transaction) => {
        await lockAdministrators(transaction)
        const user = await findUser(transaction, { id })
        if (user === null) throw new AppError("not_found", "There is no such user.")
        if (patch.role !== undefined && patch.role !== user.role) requireMayGiveRole(by, patch.role)
        if (patch.disabled === false && user.disabledAt !== null) requireMayEnable(by, patch.role ?? user.role)
        if (patch.disabled && id === by.userId) throw new AppError("conflict", "You cannot disable yourself.")
        if (patch.name !== undefined)
          requireOwnName(user, "This user's name comes from their identity provider: change it there.")
        const changed = await updateUser(transaction, id, patch)
        // Else a browser that was left somewhere would be signed in again as soon as the user is enabled.
        if (patch.disabled) await deleteLogins(transaction, { userId: id })
        const wasOne = user.role === ADMINISTRATOR && user.disabledAt === null
        if (wasOne && (await countAdministrators(transaction)) === 0) {
          throw new AppError("conflict", "This is the last administrator: make another one first.")
        }
        await note(by, { user: id, ...patch, ...(patch.name === undefined ? {} : { name: changed.name }) }, transaction)
        return viewOf(changed)
      })
    },
    async rename(self, name) {
      return await withTransaction(database, async (transaction) => {
        const user = await findUser(transaction, { id: self.userId })
        if (user === null) throw new AppError("not_found", "There is no such user.")
        requireOwnName(user, "Your name comes from your identity provider: change it there.")
        const changed = await updateUser(transaction, self.userId, { name })
        await note(self, { user: self.userId, name: changed.name }, transaction)
        return viewOf(changed)
      })
    },
  }
}

/** Only an account that is kept here has a name that is kept here: any other gets it anew at each sign-in. */
function requireOwnName(user: UserRecord, otherwise: string): void {
  if (user.issuer !== LOCAL_ISSUER) throw new AppError("conflict", otherwise, { details: { field: "body.name" } })
}

/** A user as administrators see them. */
export function viewOf(user: UserRecord): UserView {
  const { id, issuer, email, name, role, createdAt, lastSignInAt } = user
  return { id, issuer, email, name, role, disabled: user.disabledAt !== null, createdAt, lastSignInAt }
}
