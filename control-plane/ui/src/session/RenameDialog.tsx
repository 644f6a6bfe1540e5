import { type FormEvent, useId, useState } from "react"
import { messageOf } from "../api/client.ts"
import type { SessionView } from "../api/types.ts"
import { Button } from "../design/Button.tsx"
import { Dialog } from "../design/Dialog.tsx"
import { useSessionActions } from "../sessions/actions.ts"
import type { LiveSession } from "../transcript/live.ts"

interface RenameDialogProps {
  readonly session: SessionView
  readonly live: LiveSession
  readonly onClose: () => void
}

/** Gives the session another title. */
export function RenameDialog({ session, live, onClose }: RenameDialogProps) {
  const actions = useSessionActions()
  const [error, setError] = useState<string | null>(null)
  const id = useId()
  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const title = String(new FormData(event.currentTarget).get("title")).trim()
    try {
      if (title !== "" && title !== session.title) live.take(await actions.change(session.id, { title }))
      onClose()
    } catch (failure) {
      setError(messageOf(failure))
    }
  }
  return (
    <Dialog title="Rename" onClose={onClose}>
      <form className="dialog-body" onSubmit={submit}>
        <div className="field">
          <label htmlFor={id}>Title</label>
          <input
            id={id}
            name="title"
            className="input"
            defaultValue={session.title}
            maxLength={200}
            required
            autoFocus
          />
        </div>
        {error !== null && (
          <p className="field-error" role="alert">
            {error}
          </p>
        )}
        <div className="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary">
            Rename
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
