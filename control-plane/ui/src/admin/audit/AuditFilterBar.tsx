import type { ReactNode } from "react"
import { Button } from "../../design/Button.tsx"
import { type AuditFilters, auditSearch, NO_AUDIT_FILTERS, SUBJECTS } from "./audit.ts"

interface AuditFilterBarProps {
  readonly filters: AuditFilters
  /** Name of the one whose events are shown. */
  readonly actor: string
  readonly onChange: (change: Partial<AuditFilters>) => void
}

/** Narrows the record by subject, outcome, day; by person and session from the events themselves. */
export function AuditFilterBar({ filters, actor, onChange }: AuditFilterBarProps) {
  const subject = SUBJECTS.some(([prefix]) => prefix === filters.action)
  return (
    <search className="audit-filters">
      <Labelled label="What">
        <select className="input" value={filters.action} onChange={(event) => onChange({ action: event.target.value })}>
          <option value="">Everything</option>
          {SUBJECTS.map(([prefix, name]) => (
            <option key={prefix} value={prefix}>
              {name}
            </option>
          ))}
          {!subject && filters.action !== "" && <option value={filters.action}>{filters.action}</option>}
        </select>
      </Labelled>
      <Labelled label="Outcome">
        <select
          className="input"
          value={filters.outcome}
          onChange={(event) => onChange({ outcome: event.target.value })}
        >
          <option value="">Any</option>
          <option value="ok">Done</option>
          <option value="refused">Refused</option>
          <option value="failed">Failed</option>
        </select>
      </Labelled>
      <Labelled label="From">
        <input
          className="input"
          type="date"
          value={filters.from}
          max={filters.until || undefined}
          onChange={(event) => onChange({ from: event.target.value })}
        />
      </Labelled>
      <Labelled label="Until">
        <input
          className="input"
          type="date"
          value={filters.until}
          min={filters.from || undefined}
          onChange={(event) => onChange({ until: event.target.value })}
        />
      </Labelled>
      {filters.actorId !== "" && <Chip name="By" value={actor} onClear={() => onChange({ actorId: "" })} />}
      {filters.sessionId !== "" && (
        <Chip name="Session" value={filters.sessionId} onClear={() => onChange({ sessionId: "" })} />
      )}
      {auditSearch(filters).size > 0 && (
        <Button kind="quiet" onClick={() => onChange(NO_AUDIT_FILTERS)}>
          Clear
        </Button>
      )}
    </search>
  )
}

function Labelled({ label, children }: { label: string; children: ReactNode }) {
  return (
    <label className="audit-filter">
      <span className="label">{label}</span>
      {children}
    </label>
  )
}

function Chip({ name, value, onClear }: { name: string; value: string; onClear: () => void }) {
  return (
    <Button icon="cross" className="button audit-chip" title="Show all again" onClick={onClear}>
      <span className="truncate">
        {name}: {value}
      </span>
    </Button>
  )
}
