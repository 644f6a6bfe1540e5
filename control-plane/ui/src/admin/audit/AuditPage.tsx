import { query } from "../../api/client.ts"
import { BASE, replaceSearch, useSearch } from "../../app/router.tsx"
import { Button } from "../../design/Button.tsx"
import { Failure } from "../../design/Failure.tsx"
import { useNow, useSettled, useTitle } from "../../design/hooks.ts"
import { Icon } from "../../design/Icon.tsx"
import { AuditFilterBar } from "./AuditFilterBar.tsx"
import { AuditRow } from "./AuditRow.tsx"
import { SealNote, SealWarning } from "./AuditSeal.tsx"
import { type AuditFilters, auditFiltersFrom, auditQuery, auditSearch, NO_AUDIT_FILTERS } from "./audit.ts"
import { useAudit } from "./queries.ts"
import "./audit.css"

const TYPING_MS = 180

/** Who did what, the newest first. */
export function AuditPage() {
  useTitle("Audit log")
  const filters = auditFiltersFrom(useSearch())
  const list = useAudit(useSettled(filters, TYPING_MS))
  const now = useNow(30_000)
  const events = list.data?.pages.flatMap((page) => page.items) ?? []
  const narrowed = auditSearch(filters).size > 0
  const set = (change: Partial<AuditFilters>) => replaceSearch(auditSearch({ ...filters, ...change }))
  const exported = new URL(`api/audit/export${query(auditQuery(filters))}`, BASE).href
  return (
    <section className="admin-section" aria-label="Audit log">
      <div className="admin-bar audit-bar">
        <AuditFilterBar filters={filters} actor={events[0]?.actor ?? filters.actorId} onChange={set} />
        <a
          className="button"
          href={exported}
          download="audit.ndjson"
          title="Every event that matches, as lines of JSON"
        >
          <Icon name="arrowDown" /> Export
        </a>
      </div>
      <SealWarning />
      <Failure what="The audit log could not be read" error={list.error} onRetry={list.refetch} />
      {list.isPending && <div className="skeleton" style={{ height: 240 }} />}
      {events.length > 0 && (
        <ul className="settings-card admin-rows" aria-label="Events" aria-busy={list.isPlaceholderData}>
          {events.map((event) => (
            <AuditRow key={event.id} event={event} now={now} onNarrow={set} />
          ))}
        </ul>
      )}
      {list.data && events.length === 0 && (
        <div className="admin-none">
          <p className="muted">{narrowed ? "No event matches." : "Nothing is recorded yet."}</p>
          {narrowed && <Button onClick={() => set(NO_AUDIT_FILTERS)}>Clear the filters</Button>}
        </div>
      )}
      {list.hasNextPage && (
        <div className="admin-more">
          <Button busy={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
            Show older
          </Button>
        </div>
      )}
      <SealNote />
    </section>
  )
}
