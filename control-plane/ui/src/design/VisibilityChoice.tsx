import type { Visibility } from "../api/types.ts"
import { Icon } from "./Icon.tsx"

interface VisibilityChoiceProps {
  readonly name: string
  readonly label: string
  /** Null while it is not known. */
  readonly value: Visibility | null
  readonly onChange: (visibility: Visibility) => void
}

/** Private or public, as two segments. */
export function VisibilityChoice({ name, label, value, onChange }: VisibilityChoiceProps) {
  return (
    <div className="segments" role="radiogroup" aria-label={label}>
      <label>
        <input type="radio" name={name} checked={value === "private"} onChange={() => onChange("private")} />
        <Icon name="lock" size={14} /> Private
      </label>
      <label>
        <input type="radio" name={name} checked={value === "public"} onChange={() => onChange("public")} />
        <Icon name="globe" size={14} /> Public
      </label>
    </div>
  )
}
