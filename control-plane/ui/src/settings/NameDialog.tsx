import { Field } from "../design/Field.tsx"
import { FormDialog } from "../design/FormDialog.tsx"

interface NameDialogProps {
  readonly title: string
  readonly name: string
  /** Stores it; what it throws is shown. */
  readonly onName: (name: string) => Promise<void>
  readonly onClose: () => void
}

/** Another name for an account that is not named elsewhere. */
export function NameDialog({ title, name, onName, onClose }: NameDialogProps) {
  async function submit(values: FormData) {
    await onName(String(values.get("name")).trim())
    onClose()
  }
  return (
    <FormDialog title={title} action="Change name" onSubmit={submit} onClose={onClose}>
      <Field label="Name" note="Everyone who watches a public session sees its owner's name.">
        {(control) => (
          <input {...control} className="input" name="name" defaultValue={name} maxLength={200} required autoFocus />
        )}
      </Field>
    </FormDialog>
  )
}
