import { type KeyboardEvent, useId } from "react"
import { useSettings } from "../api/account.ts"
import { Button } from "../design/Button.tsx"
import { useTitle } from "../design/hooks.ts"
import { RepositoryFields } from "./RepositoryFields.tsx"
import { useDraft } from "./use-draft.ts"
import { VisibilityField } from "./VisibilityField.tsx"
import "./new-session.css"

/** Asks for a prompt first; everything else has a default. */
export default function NewSessionPage() {
  useTitle("New session")
  const settings = useSettings()
  const { draft, set, busy, error, submit } = useDraft(settings.data?.defaultVisibility ?? "private")
  const id = useId()

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) void submit()
  }

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
        <div className="new-prompt input-frame">
          <label className="hidden-text" htmlFor={`${id}-prompt`}>
            Prompt
          </label>
          <textarea
            id={`${id}-prompt`}
            placeholder="Describe the change, the bug or the question. The agent reads the repository by itself."
            rows={6}
            maxLength={200_000}
            autoFocus
            value={draft.prompt}
            aria-invalid={error?.field === "prompt"}
            onChange={(event) => set({ prompt: event.target.value })}
          />
        </div>
        <RepositoryFields draft={draft} onChange={set} faulty={error?.field ?? ""} />
        <VisibilityField value={draft.visibility ?? settings.data?.defaultVisibility ?? null} onChange={set} />
        <TitleField title={draft.title} onChange={(title) => set({ title })} />
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

function TitleField({ title, onChange }: { title: string; onChange: (title: string) => void }) {
  return (
    <details className="new-more" open={title !== "" || undefined}>
      <summary>Title</summary>
      <input
        className="input"
        aria-label="Title"
        placeholder="From the prompt"
        maxLength={200}
        value={title}
        onChange={(event) => onChange(event.target.value)}
      />
    </details>
  )
}
