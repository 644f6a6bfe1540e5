import type { SessionView } from "../api/types.ts"
import { Field } from "../design/Field.tsx"
import { FormDialog } from "../design/FormDialog.tsx"
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
  async function rename(values: FormData) {
    const title = String(values.get("title")).trim()
    if (title !== "" && title !== session.title) live.take(await actions.change(session.id, { title }))
    onClose()
  }
  return (
    <FormDialog title="Rename" action="Rename" onSubmit={rename} onClose={onClose}>
      <Field label="Title">
        {(control) => (
          <input
            {...control}
            name="title"
            className="input"
            defaultValue={session.title}
            maxLength={200}
            required
            autoFocus
          />
        )}
      </Field>
    </FormDialog>
  )
}
