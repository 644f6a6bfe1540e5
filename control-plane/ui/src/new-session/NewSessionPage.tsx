import { type FormEvent, type KeyboardEvent, useEffect, useId, useState } from "react"
import { useSettings } from "../api/account.ts"
import { messageOf } from "../api/client.ts"
import { newId } from "../api/ids.ts"
import type { SessionView } from "../api/types.ts"
import { navigate } from "../app/router.tsx"
import { pathOf } from "../app/routes.ts"
import { useApi } from "../app/services.ts"
import { keep, recall } from "../app/storage.ts"
import { Button } from "../design/Button.tsx"
import { useTitle } from "../design/hooks.ts"
import { attemptFor, type Draft, EMPTY_DRAFT, faultOf, readDraft, requestOf } from "./draft.ts"
import { RepositoryFields } from "./RepositoryFields.tsx"
import { VisibilityField } from "./VisibilityField.tsx"
import "./new-session.css"

/** Asks for a prompt first; everything else has a default. */
export default function NewSessionPage() {
  useTitle("New session")
  const api = useApi()
  const settings = useSettings()
  const id = useId()
  const [draft, setDraft] = useState(() => readDraft(recall("draft:new")))
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<{ field: string; message: string } | null>(null)
  useEffect(() => keep("draft:new", draft), [draft])
  const set = (change: Partial<Draft>) => {
    setDraft((before) => ({ ...before, ...change }))
    setError(null)
  }

  async function submit(event?: FormEvent) {
    event?.preventDefault()
    const fault = faultOf(draft)
    setError(fault)
    if (fault || busy) return
    setBusy(true)
    const request = requestOf(draft, settings.data?.defaultVisibility ?? "private")
    const attempt = attemptFor(request, recall("attempt:new"), () => newId("new"))
    keep("attempt:new", attempt)
    try {
      const headers = { "idempotency-key": attempt.key }
      const session = await api.request<SessionView>("sessions", { method: "POST", body: request, headers })
      keep("attempt:new", null)
      keep("draft:new", { ...EMPTY_DRAFT, url: draft.url, ref: draft.ref })
      navigate(pathOf({ name: "session", id: session.id }))
    } catch (failure) {
      setError({ field: "", message: messageOf(failure) })
      setBusy(false)
    }
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) void submit()
  }

  return (
    <div className="page">
      <form className="new-session" onSubmit={submit} onKeyDown={onKeyDown} noValidate>
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
        <details className="new-more" open={draft.title !== "" || undefined}>
          <summary>Title</summary>
          <input
            className="input"
            aria-label="Title"
            placeholder="From the prompt"
            maxLength={200}
            value={draft.title}
            onChange={(event) => set({ title: event.target.value })}
          />
        </details>
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
