import { useEffect, useState } from "react"
import { messageOf } from "../api/client.ts"
import { newId } from "../api/ids.ts"
import type { SessionView, Visibility } from "../api/types.ts"
import { navigate } from "../app/router.tsx"
import { pathOf } from "../app/routes.ts"
import { useApi } from "../app/services.ts"
import { keep, recall } from "../app/storage.ts"
import { attemptFor, type Draft, EMPTY_DRAFT, faultOf, readDraft, requestOf } from "./draft.ts"

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
  useEffect(() => keep(DRAFT, draft), [draft])

  async function submit() {
    const fault = faultOf(draft)
    setError(fault)
    if (fault || busy) return
    setBusy(true)
    const body = requestOf(draft, defaultVisibility)
    const attempt = attemptFor(body, recall(ATTEMPT), () => newId("new"))
    keep(ATTEMPT, attempt)
    try {
      const headers = { "idempotency-key": attempt.key }
      const session = await api.request<SessionView>("sessions", { method: "POST", body, headers })
      keep(ATTEMPT, null)
      keep(DRAFT, { ...EMPTY_DRAFT, url: draft.url, ref: draft.ref })
      navigate(pathOf({ name: "session", id: session.id }))
    } catch (failure) {
      setError({ field: "", message: messageOf(failure) })
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
