import { useState } from "react"
import { messageOf } from "../api/client.ts"
import type { SessionView } from "../api/types.ts"
import { Button } from "../design/Button.tsx"
import { Confirm } from "../design/Dialog.tsx"
import { toast } from "../design/toasts.tsx"
import { plural } from "../format/numbers.ts"
import { forEach, useSessionActions } from "./actions.ts"
import { powerOf } from "./status.ts"

/** What can be done with all selected sessions at once. */
export function BulkBar({ sessions, onDone }: { sessions: readonly SessionView[]; onDone: () => void }) {
  const [asking, setAsking] = useState<"stop" | "delete" | null>(null)
  const actions = useSessionActions()
  const running = sessions.filter((session) => powerOf(session) === "stop")

  async function run(targets: readonly SessionView[], work: (id: string) => Promise<unknown>, done: string) {
    const ids = targets.map((session) => session.id)
    const { failed, error } = await forEach(ids, work)
    if (failed > 0) toast("bad", `${failed} of ${ids.length} failed: ${messageOf(error)}`)
    else toast("good", `${plural(ids.length, "session")} ${done}`)
    onDone()
  }

  return (
    <section className="bulk-bar" aria-label="Selected sessions">
      <strong className="numbers">{sessions.length} selected</strong>
      <Button icon="stop" disabled={running.length === 0} onClick={() => setAsking("stop")}>
        Stop
      </Button>
      <Button icon="trash" onClick={() => setAsking("delete")}>
        Delete
      </Button>
      <Button kind="quiet" onClick={onDone}>
        Clear <kbd className="kbd">Esc</kbd>
      </Button>
      {asking === "stop" && (
        <Confirm
          title={`Stop ${plural(running.length, "session")}?`}
          action="Stop"
          kind="primary"
          onConfirm={() => run(running, actions.stop, "stopping")}
          onClose={() => setAsking(null)}
        >
          Whatever the agents are doing is interrupted. History and workspaces are kept.
        </Confirm>
      )}
      {asking === "delete" && (
        <Confirm
          title={`Delete ${plural(sessions.length, "session")}?`}
          action="Delete"
          onConfirm={() => run(sessions, actions.remove, "deleted")}
          onClose={() => setAsking(null)}
        >
          History, workspace and everything in it that was not pushed are gone for good.
        </Confirm>
      )}
    </section>
  )
}
