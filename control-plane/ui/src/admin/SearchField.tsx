import { Icon } from "../design/Icon.tsx"

interface SearchFieldProps {
  readonly label: string
  readonly placeholder: string
  readonly value: string
  /** An answer is on its way. */
  readonly searching: boolean
  readonly onChange: (value: string) => void
}

/** Where one types what to look for. */
export function SearchField({ label, placeholder, value, searching, onChange }: SearchFieldProps) {
  return (
    <label className="admin-search input-frame">
      <span className="hidden-text">{label}</span>
      {searching ? <span className="spinner" aria-hidden="true" /> : <Icon name="search" />}
      <input
        type="search"
        placeholder={placeholder}
        maxLength={200}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  )
}
