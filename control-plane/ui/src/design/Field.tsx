import { type ReactNode, useId } from "react"

/** What ties a control to its label, its note and its error. */
interface FieldControl {
  readonly id: string
  readonly "aria-describedby": string | undefined
  readonly "aria-invalid": boolean
}

interface FieldProps {
  readonly label: string
  readonly note?: ReactNode
  readonly error?: string | null
  readonly children: (control: FieldControl) => ReactNode
}

/** A control with its name above it and what there is to say below. */
export function Field({ label, note, error = null, children }: FieldProps) {
  const id = useId()
  const notes = [note ? `${id}-note` : "", error === null ? "" : `${id}-error`].filter((one) => one !== "")
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        "aria-describedby": notes.length === 0 ? undefined : notes.join(" "),
        "aria-invalid": error !== null,
      })}
      {note && (
        <div id={`${id}-note`} className="field-note">
          {note}
        </div>
      )}
      {error !== null && (
        <p id={`${id}-error`} className="field-error" role="alert">
          {error}
        </p>
      )}
    </div>
  )
}
