import { Button } from "./Button.tsx"
import { copy } from "./clipboard.ts"
import { Dialog } from "./Dialog.tsx"

interface ShownOnceProps {
  readonly title: string
  /** Name of the value: `Token`. */
  readonly label: string
  readonly value: string
  /** What it is for and how long. */
  readonly note: string
  readonly onClose: () => void
}

/** A secret that nobody can see again after this. Only its button closes it. */
export function ShownOnce({ title, label, value, note, onClose }: ShownOnceProps) {
  return (
    <Dialog title={title} onClose={onClose} insistent>
      <div className="dialog-body">
        <p className="muted">{note}</p>
        <div className="shown-once">
          <input
            className="input mono"
            aria-label={label}
            readOnly
            value={value}
            spellCheck={false}
            autoFocus
            onFocus={(event) => event.currentTarget.setSelectionRange(0, value.length, "backward")}
          />
          <Button icon="copy" onClick={() => copy(value, `${label} copied`)}>
            Copy
          </Button>
        </div>
        <p className="shown-once-warning">It is shown only now. Copy it before you close this.</p>
        <div className="dialog-actions">
          <Button kind="primary" onClick={onClose}>
            Done
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
