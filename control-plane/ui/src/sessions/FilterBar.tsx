import type { Ref } from "react"
import type { SessionView } from "../api/types.ts"
import { Button } from "../design/Button.tsx"
import { Icon } from "../design/Icon.tsx"
import { SearchField } from "../design/SearchField.tsx"
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
      <SearchField
        className="filter-search"
        label="Search"
        placeholder="Search titles and repositories"
        value={filters.q}
        searching={searching}
        onChange={(q) => set({ q })}
        inputRef={searchRef}
        shortcut="/"
      />
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
