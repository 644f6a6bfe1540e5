import { useState } from "react"
import type { SessionView } from "../api/types.ts"
import { Field } from "../design/Field.tsx"
import { FormDialog } from "../design/FormDialog.tsx"
import { toast } from "../design/toasts.tsx"
import { useSessionActions } from "../sessions/actions.ts"
import { useLiveSession } from "./live-context.ts"

const GIB = 1024 ** 3

/** How full the session's volume is, and the way to a larger one. */
export function Volume({ session }: { session: SessionView }) {
  const [asking, setAsking] = useState(false)
  const { volume } = session
  if (volume == null) return null
  const gib = (bytes: number) => (bytes / GIB).toFixed(1)
  return (
    <>
      <span className="numbers">
        {gib(volume.totalBytes - volume.freeBytes)} of {gib(volume.totalBytes)} GiB used
      </span>
      {session.may.manage && (
        <>
          {" "}
          <button type="button" className="link" onClick={() => setAsking(true)}>
            Make larger
          </button>
        </>
      )}
      {asking && <EnlargeDialog session={session} totalBytes={volume.totalBytes} onClose={() => setAsking(false)} />}
    </>
  )
}

interface EnlargeProps {
  readonly session: SessionView
  readonly totalBytes: number
  readonly onClose: () => void
}

function EnlargeDialog({ session, totalBytes, onClose }: EnlargeProps) {
  const actions = useSessionActions()
  const live = useLiveSession()
  const least = Math.floor(totalBytes / GIB) + 1
  async function enlarge(values: FormData) {
    live.take(await actions.enlarge(session.id, `${Number(values.get("gib"))}Gi`))
    toast("good", "The volume is being made larger. That can take a minute.")
    onClose()
  }
  return (
    <FormDialog title="Make the volume larger" action="Make larger" onSubmit={enlarge} onClose={onClose}>
      <Field label="Size in GiB">
        {(control) => (
          <input
            {...control}
            name="gib"
            type="number"
            className="input"
            min={least}
            defaultValue={least * 2}
            required
            autoFocus
          />
        )}
      </Field>
      <p className="muted">A volume cannot be made smaller again.</p>
    </FormDialog>
  )
}
