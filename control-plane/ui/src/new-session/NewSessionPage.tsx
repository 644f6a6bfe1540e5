import { type KeyboardEvent, useId } from "react"
import { READ_ONLY, useMe, useSettings } from "../api/account.ts"
import { Link } from "../app/router.tsx"
import { Button } from "../design/Button.tsx"
import { useTitle } from "../design/hooks.ts"
import { MoreFields } from "./MoreFields.tsx"
import { NoProvider } from "./NoProvider.tsx"
import { useSessionOptions } from "./options.ts"
import { RepositoryFields } from "./RepositoryFields.tsx"
import { useDraft } from "./use-draft.ts"
import { VisibilityField } from "./VisibilityField.tsx"
import "./new-session.css"

/** Asks for a prompt first; everything else has a default. */
export default function NewSessionPage() {
  useTitle("New session")
  const me = useMe()
  const settings = useSettings()
  const options = useSessionOptions()
  const { draft, set, busy, error, submit } = useDraft(settings.data?.defaultVisibility ?? "private")
  const id = useId()

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) void submit()
  }

  if (me.data?.role === READ_ONLY) return <ReadOnly />
  return (
    <div className="page">
      <form
        className="new-session"
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
        onKeyDown={onKeyDown}
        noValidate
      >
        <h1>What should the agent do?</h1>
        <NoProvider />
        <div className="new-prompt input-frame">
          <label className="hidden-text" htmlFor={`${id}-prompt`}>
            Prompt
          </label>
          <textarea
            id={`${id}-prompt`}
            placeholder="Describe the change, the bug or the question. The agent reads the repository by itself."
            rows={6}
            dir="auto"
            maxLength={200_000}
            autoFocus
            value={draft.prompt}
            aria-invalid={error?.field === "prompt"}
            onChange={(event) => set({ prompt: event.target.value })}
          />
        </div>
        <RepositoryFields draft={draft} onChange={set} faulty={error?.field ?? ""} />
        <VisibilityField value={draft.visibility ?? settings.data?.defaultVisibility ?? null} onChange={set} />
        <MoreFields draft={draft} onChange={set} faulty={error?.field ?? ""} options={options.data} />
        {error && (
          <p className="field-error" role="alert">
            {error.message}
          </p>
        )}
        <div className="new-actions">
          <Button type="submit" kind="primary" busy={busy}>
            Start session
          </Button>
          <span className="muted">
            <kbd className="kbd">Ctrl</kbd> <kbd className="kbd">Enter</kbd>
          </span>
        </div>
      </form>
    </div>
  )
}

/** For those who may look and not write. */
function ReadOnly() {
  return (
    <div className="page">
      <div className="empty">
        <h1>Your account may read, not write</h1>
        <p className="muted">You can watch public sessions. Ask an administrator for another role to make your own.</p>
        <Link to={{ name: "list" }} className="button">
          To the sessions
        </Link>
      </div>
    </div>
  )
}
