import { useQuery, useQueryClient } from "@tanstack/react-query"
import { ApiError } from "../../api/client.ts"
import type { Page } from "../../api/types.ts"
import { useApi } from "../../app/services.ts"
import type { Provider, ProviderTest } from "./provider.ts"

const PROVIDERS = ["providers"]

/** All model providers; only for administrators. */
export function useProviders(enabled = true) {
  const api = useApi()
  return useQuery({
    queryKey: PROVIDERS,
    queryFn: ({ signal }) => api.request<Page<Provider>>("providers", { signal }),
    enabled,
  })
}

/** One of them, as it is stored now. */
export function useProvider(id: string | null) {
  const api = useApi()
  return useQuery({
    queryKey: [...PROVIDERS, id],
    queryFn: ({ signal }) => api.request<Provider>(pathOf(id ?? ""), { signal }),
    enabled: id !== null,
    // What is being edited must not change under one's hands.
    refetchOnWindowFocus: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  })
}

export interface ProviderActions {
  save(id: string, definition: Provider["definition"]): Promise<Provider>
  remove(id: string): Promise<void>
  test(id: string): Promise<ProviderTest>
}

/** What administrators do with model providers. Each rejects with ApiError. */
export function useProviderActions(): ProviderActions {
  const api = useApi()
  const client = useQueryClient()
  const reread = () => client.invalidateQueries({ queryKey: PROVIDERS, exact: true })
  return {
    async save(id, body) {
      const saved = await api.request<Provider>(pathOf(id), { method: "PUT", body })
      await reread()
      return saved
    },
    async remove(id) {
      await api.request(pathOf(id), { method: "DELETE" })
      await reread()
    },
    test: (id) => api.request<ProviderTest>(`${pathOf(id)}/test`, { method: "POST", body: {} }),
  }
}

function pathOf(id: string): string {
  return `providers/${encodeURIComponent(id)}`
}

/** What the server found wrong with a definition, each fault a sentence; null for any other failure. */
export function faultsOf(error: unknown): readonly string[] | null {
  if (!(error instanceof ApiError) || error.status !== 400) return null
  const { faults } = error.details
  return Array.isArray(faults) ? faults.map(String) : [error.message]
}
