import { useState } from "react"
import { messageOf } from "../api/client.ts"
import type { SessionView, Visibility } from "../api/types.ts"
import { BASE } from "../app/router.tsx"
import { pathOf } from "../app/routes.ts"
import { Button } from "../design/Button.tsx"
import { copy } from "../design/clipboard.ts"
import { Dialog } from "../design/Dialog.tsx"
import { VisibilityChoice } from "../design/VisibilityChoice.tsx"
import { useSessionActions } from "../sessions/actions.ts"
import type { LiveSession } from "../transcript/live.ts"

interface ShareDialogProps {
  readonly session: SessionView
  readonly live: LiveSession
  readonly onClose: () => void
}

/** Private or public, and what that lets others see. */
export function ShareDialog({ session, live, onClose }: ShareDialogProps) {
  const actions = useSessionActions()
  const [error, setError] = useState<string | null>(null)
  const link = new URL(pathOf({ name: "session", id: session.id }), BASE).href
  async function choose(visibility: Visibility) {
    setError(null)
    try {
      live.take(await actions.change(session.id, { visibility }))
    } catch (failure) {
      setError(messageOf(failure))
    }
  }
  return (
    <Dialog title="Who can watch" onClose={onClose}>
      <div className="dialog-body">
        <VisibilityChoice name="share" label="Who can watch" value={session.visibility} onChange={choose} />
        <p className="muted" aria-live="polite">
          {session.visibility === "public"
            ? "Everyone signed in here can read the conversation as it happens: prompts, answers, commands and their output. They cannot write, answer the agent, open files or a terminal."
            : "Only you can read it. Administrators see that it exists, not what is in it. Anyone watching is cut off as soon as it is private."}
        </p>
        {error !== null && (
          <p className="field-error" role="alert">
            {error}
          </p>
        )}
        <div className="dialog-actions">
          {session.visibility === "public" && (
            <Button icon="copy" onClick={() => copy(link, "Link copied")}>
              Copy link
            </Button>
          )}
          <Button kind="primary" onClick={onClose}>
            Done
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
