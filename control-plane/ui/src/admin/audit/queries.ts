import { useInfiniteQuery } from "@tanstack/react-query"
import { query } from "../../api/client.ts"
import type { Page } from "../../api/types.ts"
import { useApi } from "../../app/services.ts"
import { type AuditEvent, type AuditFilters, auditQuery } from "./audit.ts"

const PAGE_EVENTS = 50

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
