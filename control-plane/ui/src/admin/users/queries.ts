import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query"
import { query } from "../../api/client.ts"
import type { Page } from "../../api/types.ts"
import { useApi } from "../../app/services.ts"
import type { User } from "./user.ts"

const USERS = "users"
const PAGE_USERS = 50

/** The people whose name or address has `q` in it, page after page. */
export function useUsers(q: string) {
  const api = useApi()
  return useInfiniteQuery({
    queryKey: [USERS, q],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      api.request<Page<User>>(`users${query({ q, cursor: pageParam, limit: PAGE_USERS })}`, { signal }),
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: (before) => before,
  })
}

/** Null when the password was given and not made. */
interface Made {
  readonly oneTimePassword: string | null
}

export interface UserActions {
  change(id: string, patch: { name?: string; role?: string; disabled?: boolean }): Promise<void>
  /** Answers the one-time password. */
  create(user: { email: string; name: string; role: string }): Promise<string>
  /** Answers the one-time password. */
  resetPassword(id: string): Promise<string>
}

/** What administrators do with people; the lists follow. Each rejects with ApiError. */
export function useUserActions(): UserActions {
  const api = useApi()
  const client = useQueryClient()
  const reread = () => client.invalidateQueries({ queryKey: [USERS] })
  return {
    async change(id, body) {
      await api.request(`users/${encodeURIComponent(id)}`, { method: "PATCH", body })
      await reread()
    },
    async create(body) {
      const { oneTimePassword } = await api.request<Made>("users", { method: "POST", body })
      await reread()
      return oneTimePassword ?? ""
    },
    async resetPassword(id) {
      const path = `users/${encodeURIComponent(id)}/password`
      const { oneTimePassword } = await api.request<Made>(path, { method: "POST", body: {} })
      return oneTimePassword ?? ""
    },
  }
}
