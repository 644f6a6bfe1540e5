import type { ReactNode, Ref } from "react"
import { Icon } from "./Icon.tsx"

interface SearchFieldProps {
  readonly label: string
  readonly placeholder: string
  readonly value: string
  /** An answer is on its way. */
  readonly searching: boolean
  readonly onChange: (value: string) => void
  readonly inputRef?: Ref<HTMLInputElement>
  /** How wide it is, among its neighbours. */
  readonly className: string
  /** Behind the input: the key that leads to it. Escape leads out of it then. */
  readonly shortcut?: ReactNode
}

/** Where one types what to look for. */
export function SearchField(props: SearchFieldProps) {
  const { label, placeholder, value, searching, onChange, inputRef, className, shortcut } = props
  return (
    <label className={`search-field input-frame ${className}`}>
      <span className="hidden-text">{label}</span>
      {searching ? <span className="spinner" aria-hidden="true" /> : <Icon name="search" />}
      <input
        ref={inputRef}
        type="search"
        placeholder={placeholder}
        maxLength={200}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => shortcut && event.key === "Escape" && event.currentTarget.blur()}
      />
      {shortcut && <kbd className="kbd">{shortcut}</kbd>}
    </label>
  )
}
