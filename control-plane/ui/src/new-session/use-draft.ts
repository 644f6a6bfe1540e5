import { useEffect, useRef, useState } from "react"
import { ApiError, messageOf } from "../api/client.ts"
import { newId } from "../api/ids.ts"
import type { SessionView, Visibility } from "../api/types.ts"
import { navigate } from "../app/router.tsx"
import { pathOf } from "../app/routes.ts"
import { useApi } from "../app/services.ts"
import { keep, recall } from "../app/storage.ts"
import { type Attempt, attemptFor, type Draft, EMPTY_DRAFT, faultOf, keptDraft, readDraft, requestOf } from "./draft.ts"

const DRAFT = "draft:new"
const ATTEMPT = "attempt:new"

export interface DraftForm {
  readonly draft: Draft
  readonly set: (change: Partial<Draft>) => void
  readonly busy: boolean
  /** `field` is empty when it is about the whole. */
  readonly error: { readonly field: string; readonly message: string } | null
  /** Makes the session and goes to its page. */
  readonly submit: () => Promise<void>
}

/** The draft of a new session, which survives a reload, and its way to the server. */
export function useDraft(defaultVisibility: Visibility): DraftForm {
  const api = useApi()
  const [draft, setDraft] = useState(() => readDraft(recall(DRAFT)))
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<DraftForm["error"]>(null)
  const last = useRef<Attempt | null>(recall(ATTEMPT))
  useEffect(() => keep(DRAFT, keptDraft(draft)), [draft])

  async function submit() {
    const fault = faultOf(draft)
    setError(fault)
    if (fault || busy) return
    setBusy(true)
    const body = requestOf(draft, defaultVisibility)
    last.current = attemptFor(body, last.current, () => newId("new"))
    // Values may be secret: an attempt with them is known to this page only.
    keep(ATTEMPT, body.environment ? null : last.current)
    try {
      const headers = { "idempotency-key": last.current.key }
      const session = await api.request<SessionView>("sessions", { method: "POST", body, headers })
      keep(ATTEMPT, null)
      keep(DRAFT, { ...EMPTY_DRAFT, url: draft.url, ref: draft.ref, profile: draft.profile })
      navigate(pathOf({ name: "session", id: session.id }))
    } catch (failure) {
      setError({ field: fieldOf(failure), message: messageOf(failure) })
      setBusy(false)
    }
  }

  return {
    draft,
    busy,
    error,
    submit,
    set(change) {
      setDraft((before) => ({ ...before, ...change }))
      setError(null)
    },
  }
}

/** The field that the server refused, as the draft calls it; empty for the whole. */
function fieldOf(failure: unknown): string {
  const field = failure instanceof ApiError ? String(failure.details.field ?? "") : ""
  return field.startsWith("environment") && field !== "environmentFiles" ? "variables" : field
}
