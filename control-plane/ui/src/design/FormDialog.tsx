import { type FormEvent, type ReactNode, useState } from "react"
import { messageOf } from "../api/client.ts"
import { Button } from "./Button.tsx"
import { Dialog } from "./Dialog.tsx"

interface FormDialogProps {
  readonly title: string
  readonly action: string
  readonly children: ReactNode
  /** Awaited with the form's values; what it throws is shown and the dialog stays. */
  readonly onSubmit: (values: FormData) => Promise<void>
  readonly onClose: () => void
}

/** A dialog that asks for something and sends it. Enter sends, Escape closes. */
export function FormDialog({ title, action, children, onSubmit, onClose }: FormDialogProps) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<string | null>(null)
  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    if (busy) return
    const values = new FormData(event.currentTarget)
    setBusy(true)
    setError(null)
    try {
      await onSubmit(values)
    } catch (failure) {
      setError(messageOf(failure))
    }
    setBusy(false)
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form className="dialog-body" onSubmit={submit}>
        {children}
        {error !== null && (
          <p className="field-error" role="alert">
            {error}
          </p>
        )}
        <div className="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={busy}>
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
