import { useState } from "react"
import { messageOf } from "../api/client.ts"
import type { PermissionReply, QuestionReply } from "../api/types.ts"
import { useApi } from "../app/services.ts"
import type { CardProps } from "./card-props.ts"
import { PermissionCard } from "./PermissionCard.tsx"
import { QuestionCard } from "./QuestionCard.tsx"
import "./requests.css"

interface RequestCardProps extends Pick<CardProps, "place" | "request"> {
  readonly sessionId: string
}

/** Something that the agent waits for, with the ways to answer it. */
export function RequestCard({ sessionId, request, place }: RequestCardProps) {
  const api = useApi()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<string | null>(null)
  async function answer(body: PermissionReply | QuestionReply) {
    setBusy(true)
    setError(null)
    try {
      const path = `sessions/${encodeURIComponent(sessionId)}/requests/${encodeURIComponent(request.id)}`
      await api.request(path, { method: "POST", body })
    } catch (failure) {
      setError(messageOf(failure))
      setBusy(false)
    }
  }
  return request.kind === "permission" ? (
    <PermissionCard request={request} place={place} busy={busy} error={error} onAnswer={answer} />
  ) : (
    <QuestionCard request={request} place={place} busy={busy} error={error} onAnswer={answer} />
  )
}
