import { type Database, withTransaction } from "../../database/index.ts"
import { AppError } from "../../errors/index.ts"
import type { Principal } from "../../sessions/types.ts"
import { ADMINISTRATOR } from "../permissions.ts"
import { countAdministrators, findUser, listUsers, lockAdministrators, type UserRecord, updateUser } from "./store.ts"

/** A person as administrators see him. Times are milliseconds since the epoch. */
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

/** What administrators do with people. */
export interface Users {
  list(query: { q?: string; cursor?: string; limit: number }): Promise<{ items: UserView[]; nextCursor: string | null }>
  /** @throws AppError `not_found`, `conflict` when nobody would be left to administer */
  update(by: Principal, id: string, patch: { role?: string; disabled?: boolean }): Promise<UserView>
}

/** Administration of the table `users`. */
export function createUsers({ database }: { database: Database }): Users {
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
        if (patch.disabled && id === by.userId) throw new AppError("conflict", "You cannot disable yourself.")
        const changed = await updateUser(transaction, id, patch)
        const wasOne = user.role === ADMINISTRATOR && user.disabledAt === null
        if (wasOne && (await countAdministrators(transaction)) === 0) {
          throw new AppError("conflict", "This is the last administrator: make another one first.")
        }
        return viewOf(changed)
      })
    },
  }
}

/** A user as administrators see him. */
export function viewOf(user: UserRecord): UserView {
  const { id, issuer, email, name, role, createdAt, lastSignInAt } = user
  return { id, issuer, email, name, role, disabled: user.disabledAt !== null, createdAt, lastSignInAt }
}
