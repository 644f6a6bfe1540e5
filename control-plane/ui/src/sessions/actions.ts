import { useQueryClient } from "@tanstack/react-query"
import { useMemo } from "react"
import { type Api, ApiError } from "../api/client.ts"
import type { SessionView, Visibility } from "../api/types.ts"
import { useApi } from "../app/services.ts"
import { dropSession, knownSession, takeSession } from "./queries.ts"

export interface SessionActions {
  start(id: string): Promise<SessionView>
  stop(id: string): Promise<SessionView>
  change(id: string, patch: { title?: string; visibility?: Visibility }): Promise<SessionView>
  enlarge(id: string, storageSize: string): Promise<SessionView>
  remove(id: string): Promise<void>
}

/** What can be done to a session as a whole; the lists follow at once. Each rejects with ApiError. */
export function useSessionActions(): SessionActions {
  const api = useApi()
  const client = useQueryClient()
  return useMemo(() => {
    const take = (session: SessionView) => {
      takeSession(client, session)
      return session
    }
    return {
      start: async (id) => take(await post(api, id, "start")),
      stop: async (id) => take(await post(api, id, "stop")),
      change: async (id, body) => take(await api.request<SessionView>(pathOf(id), { method: "PATCH", body })),
      enlarge: async (id, storageSize) =>
        take(await api.request<SessionView>(`${pathOf(id)}/volume`, { method: "POST", body: { storageSize } })),
      remove: async (id) => {
        try {
          await api.request(pathOf(id), { method: "DELETE" })
        } catch (error) {
          if (!(error instanceof ApiError && error.status === 404)) throw error
          // Somebody else was faster.
          dropSession(client, id)
          return
        }
        // Its pod is still on its way out; the list is told when it is gone.
        const known = knownSession(client, id)
        if (known) takeSession(client, { ...known, desired: "deleted", status: "deleting" })
      },
    }
  }, [api, client])
}

function pathOf(id: string): string {
  return `sessions/${encodeURIComponent(id)}`
}

function post(api: Api, id: string, action: string): Promise<SessionView> {
  return api.request<SessionView>(`${pathOf(id)}/${action}`, { method: "POST", body: {} })
}

/** Runs `work` for each, few at a time, and counts the ones that failed. */
export async function forEach(
  ids: readonly string[],
  work: (id: string) => Promise<unknown>,
): Promise<{ failed: number; error: unknown }> {
  const waiting = [...ids]
  let failed = 0
  let error: unknown = null
  const worker = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      try {
        await work(id)
      } catch (failure) {
        failed += 1
        error = failure
      }
    }
  }
  await Promise.all([worker(), worker(), worker(), worker()])
  return { failed, error }
}
