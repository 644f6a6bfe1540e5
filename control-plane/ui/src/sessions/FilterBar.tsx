import type { Ref } from "react"
import type { SessionView } from "../api/types.ts"
import { Button } from "../design/Button.tsx"
import { Icon } from "../design/Icon.tsx"
import { type Filters, isFiltered, NO_FILTERS, STATUS_CHOICES } from "./filters.ts"
import { statusName } from "./status.ts"

interface FilterBarProps {
  readonly filters: Filters
  readonly onChange: (filters: Filters) => void
  readonly searchRef: Ref<HTMLInputElement>
  /** Of the sessions that are shown. */
  readonly owners: readonly SessionView["owner"][]
  readonly me: string
  readonly searching: boolean
}

/** Narrows the list by words, visibility, status and owner. */
export function FilterBar({ filters, onChange, searchRef, owners, me, searching }: FilterBarProps) {
  const set = (change: Partial<Filters>) => onChange({ ...filters, ...change })
  const others = [...new Map(owners.map((owner) => [owner.id, owner])).values()].filter((owner) => owner.id !== me)
  return (
    <search className="filter-bar">
      <label className="filter-search input-frame">
        <span className="hidden-text">Search</span>
        {searching ? <span className="spinner" aria-hidden="true" /> : <Icon name="search" />}
        <input
          ref={searchRef}
          type="search"
          placeholder="Search titles and repositories"
          maxLength={200}
          value={filters.q}
          onChange={(event) => set({ q: event.target.value })}
          onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
        />
        <kbd className="kbd">/</kbd>
      </label>
      <div className="filter-choices">
        <Choice
          label="Status"
          value={filters.status}
          options={[["", "Any status"], ...STATUS_CHOICES.map((status) => [status, statusName(status)] as const)]}
          onChange={(status) => set({ status: STATUS_CHOICES.find((choice) => choice === status) ?? "" })}
        />
        <Choice
          label="Owner"
          value={filters.owner === me ? "me" : filters.owner}
          options={[
            ["", "Anyone's"],
            ["me", "Mine"],
            ...others.map((owner) => [owner.id, owner.name || owner.email] as const),
          ]}
          onChange={(owner) => set({ owner })}
        />
        <Choice
          label="Visibility"
          value={filters.visibility}
          options={[
            ["", "Private and public"],
            ["private", "Private"],
            ["public", "Public"],
          ]}
          onChange={(value) => set({ visibility: value === "private" || value === "public" ? value : "" })}
        />
        {isFiltered(filters) && (
          <Button kind="quiet" onClick={() => onChange(NO_FILTERS)}>
            Clear
          </Button>
        )}
      </div>
    </search>
  )
}

interface ChoiceProps {
  readonly label: string
  readonly value: string
  readonly options: readonly (readonly [value: string, name: string])[]
  readonly onChange: (value: string) => void
}

function Choice({ label, value, options, onChange }: ChoiceProps) {
  return (
    <label className="filter-choice" {...(value === "" ? {} : { "data-set": "" })}>
      <span className="hidden-text">{label}</span>
      <select value={value} onChange={(event) => onChange(event.target.value)}>
        {options.map(([option, name]) => (
          <option key={option} value={option}>
            {name}
          </option>
        ))}
      </select>
      <Icon name="chevron" size={12} />
    </label>
  )
}
