import { useQuery, useQueryClient } from "@tanstack/react-query"
import type { Me } from "../../../server/http/routes/account.ts"
import type { UserSettings } from "../../../server/settings/types.ts"
import { useApi } from "../app/services.ts"

export type { LoginView as Login, Offer } from "../../../server/identity/types.ts"
export type { Me }
export type Settings = UserSettings

/** What is only there for those who administer. */
export const ADMINISTRATOR = "admin"

/** Who may look, and not write. */
export const READ_ONLY = "readonly"

/** Who is signed in. */
export function useMe() {
  const api = useApi()
  return useQuery({
    queryKey: ["me"],
    queryFn: ({ signal }) => api.request<Me>("me", { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })
}

/** The user's settings. */
export function useSettings() {
  const api = useApi()
  return useQuery({ queryKey: ["settings"], queryFn: ({ signal }) => api.request<Settings>("me/settings", { signal }) })
}

/** Stores a change of the settings. @throws ApiError */
export function useChangeSettings(): (change: Partial<Settings>) => Promise<void> {
  const api = useApi()
  const client = useQueryClient()
  return async (change) => {
    const before = client.getQueryData<Settings>(["settings"])
    const body = { ...before, ...change }
    const after = await api.request<Settings | undefined>("me/settings", { method: "PUT", body })
    client.setQueryData(["settings"], after ?? body)
  }
}
