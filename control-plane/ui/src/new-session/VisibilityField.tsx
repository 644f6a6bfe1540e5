import type { Visibility } from "../api/types.ts"
import { VisibilityChoice } from "../design/VisibilityChoice.tsx"
import type { Draft } from "./draft.ts"

interface VisibilityFieldProps {
  readonly value: Visibility | null
  readonly onChange: (change: Partial<Draft>) => void
}

/** Who else can watch, with a sentence on what that means. */
export function VisibilityField({ value, onChange }: VisibilityFieldProps) {
  return (
    <div className="new-visibility">
      <VisibilityChoice
        name="visibility"
        label="Visibility"
        value={value}
        onChange={(visibility) => onChange({ visibility })}
      />
      <span className="muted">
        {value === "public"
          ? "Everyone signed in can read the conversation as it happens. Only you can write."
          : "Only you can read it."}
      </span>
    </div>
  )
}
