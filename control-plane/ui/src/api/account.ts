import { useQuery, useQueryClient } from "@tanstack/react-query"
import { useApi } from "../app/services.ts"
import type { Visibility } from "./types.ts"

export interface Me {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly role: string
  /** How this browser proves it: with `header`, a proxy does, and there is nothing to sign out of here. */
  readonly method: "password" | "oidc" | "header" | "token"
  /** Signed in with a one-time password, which is good for choosing another one and nothing else. */
  readonly mustChangePassword?: boolean
}

/** What is only there for those who administer. */
export const ADMINISTRATOR = "admin"

/** Who may look, and not write. */
export const READ_ONLY = "readonly"

/** One way to sign in. `path` is relative to the path prefix. */
export interface Offer {
  readonly id: string
  readonly kind: "form" | "redirect"
  readonly label: string
  readonly path: string | null
}

export interface Login {
  readonly id: string
  readonly method: string
  readonly userAgent: string
  readonly address: string
  readonly createdAt: number
  readonly lastSeenAt: number
  readonly current: boolean
}

export interface Settings {
  readonly defaultVisibility: Visibility
}

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
