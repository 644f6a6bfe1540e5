import { Fragment } from "react"
import { Button } from "../design/Button.tsx"
import { Dialog } from "../design/Dialog.tsx"

const GROUPS: readonly (readonly [string, readonly (readonly [keys: string, what: string])[]])[] = [
  [
    "Everywhere",
    [
      ["Ctrl K", "Go to anything"],
      ["n", "New session"],
      ["g s", "Sessions"],
      ["g t", "Settings"],
      ["g a", "Administration, for administrators"],
      ["?", "This help"],
    ],
  ],
  [
    "List of sessions",
    [
      ["j k", "Next, previous"],
      ["Enter", "Open"],
      ["x", "Select"],
      ["/", "Search"],
      ["Esc", "Clear the selection"],
    ],
  ],
  [
    "Session",
    [
      ["Ctrl Enter", "Send"],
      ["i", "To the prompt"],
      ["End", "Latest message"],
      ["u", "Back to the list"],
    ],
  ],
]

/** All keys at a glance. */
export function ShortcutHelp({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <div className="dialog-body">
        {GROUPS.map(([title, keys]) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl className="key-list">
              {keys.map(([key, what]) => (
                <Fragment key={key}>
                  <dt>
                    {key.split(" ").map((one) => (
                      <kbd key={one} className="kbd">
                        {one}
                      </kbd>
                    ))}
                  </dt>
                  <dd>{what}</dd>
                </Fragment>
              ))}
            </dl>
          </section>
        ))}
        <div className="dialog-actions">
          <Button onClick={onClose}>Close</Button>
        </div>
      </div>
    </Dialog>
  )
}
