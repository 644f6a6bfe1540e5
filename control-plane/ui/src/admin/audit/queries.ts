import { useInfiniteQuery, useQuery } from "@tanstack/react-query"
import { query } from "../../api/client.ts"
import type { Page } from "../../api/types.ts"
import { useApi } from "../../app/services.ts"
import { type AuditEvent, type AuditFilters, auditQuery, type Seal } from "./audit.ts"

const PAGE_EVENTS = 50
const SEALED_MS = 60_000

/** The events that match, the newest first, page after page. */
export function useAudit(filters: AuditFilters) {
  const api = useApi()
  return useInfiniteQuery({
    queryKey: ["audit", filters],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      api.request<Page<AuditEvent>>(
        `audit${query({ ...auditQuery(filters), cursor: pageParam, limit: PAGE_EVENTS })}`,
        { signal },
      ),
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: (before) => before,
  })
}

/** How far the record is sealed, read again as often as it is sealed. */
export function useSeal() {
  const api = useApi()
  return useQuery({
    queryKey: ["audit-seal"],
    queryFn: ({ signal }) => api.request<Seal>("audit/seal", { signal }),
    refetchInterval: SEALED_MS,
  })
}
