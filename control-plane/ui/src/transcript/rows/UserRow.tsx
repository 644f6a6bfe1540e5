import { memo } from "react"
import type { Message } from "../../api/types.ts"
import { Button, IconButton } from "../../design/Button.tsx"
import { copy } from "../../design/clipboard.ts"
import { Icon } from "../../design/Icon.tsx"
import { fullTime } from "../../format/time.ts"
import { promptText } from "../prompt-text.ts"
import { SendAgain } from "./SendAgain.tsx"

const DELIVERY = {
  queued: "Queued: sent as soon as the agent is ready for it",
  sending: "Being handed to the agent",
  sent: null,
  failed: "Not delivered",
} as const

interface UserRowProps {
  readonly message: Message
  readonly onSendAgain: ((text: string) => void) | null
}

/** What a person asked for. */
export const UserRow = memo(function UserRow({ message, onSendAgain }: UserRowProps) {
  const text = promptText(message)
  const files = message.parts.flatMap((part) => (part.body.file ? [part.body.file.name] : []))
  const state = message.delivery === null ? null : DELIVERY[message.delivery]
  const byAgent = message.origin === "agent"
  return (
    <article
      className="prompt"
      aria-label={byAgent ? "Message by the agent" : "Prompt"}
      data-delivery={message.delivery ?? "sent"}
    >
      {byAgent && (
        <p className="prompt-state">
          <Icon name="alert" size={13} /> Written by the agent itself, not by a person
          {message.removedAt !== undefined && ", and removed by it"}
        </p>
      )}
      <p className="prompt-text" dir="auto" title={fullTime(message.createdAt)}>
        {text}
      </p>
      {files.map((name) => (
        <p key={name} className="row-note">
          <Icon name="file" size={15} /> {name}
        </p>
      ))}
      <IconButton icon="copy" label={byAgent ? "Copy message" : "Copy prompt"} onClick={() => copy(text)} />
      {state !== null && (
        <div className="prompt-state">
          <Icon name={message.delivery === "failed" ? "alert" : "clock"} size={13} />
          <span>{message.body.error ? `${state}: ${message.body.error.message}` : state}</span>
          {message.delivery === "failed" && <SendAgain message={message} onSendAgain={onSendAgain} />}
        </div>
      )}
    </article>
  )
})

/** A prompt that the server does not have yet, and what can be done about it. */
export interface Outgoing {
  readonly id: string
  readonly text: string
  /** `waiting`: the server could not be reached, or not take it now; it is tried again by itself. */
  readonly state: "sending" | "waiting" | "refused" | "stored"
  /** What the server said; null when there was no answer. */
  readonly error: string | null
  /** When it was written, in milliseconds since the epoch: they go in this order. */
  readonly at: number
}

interface OutgoingRowProps {
  readonly item: Outgoing
  readonly onRetry: (id: string) => void
  readonly onEdit: (item: Outgoing) => void
}

/** A prompt on its way to the server. */
export function OutgoingRow({ item, onRetry, onEdit }: OutgoingRowProps) {
  const stuck = item.state === "waiting" || item.state === "refused"
  return (
    <article className="prompt" aria-label="Prompt" data-delivery={stuck ? "failed" : "sending"}>
      <p className="prompt-text" dir="auto">
        {item.text}
      </p>
      {stuck && (
        <div className="prompt-state">
          <Icon name="alert" size={13} />
          <span>{item.state === "waiting" ? waitingWords(item) : `Refused: ${item.error}`}</span>
          <Button onClick={() => onRetry(item.id)}>Try again</Button>
          <Button onClick={() => onEdit(item)}>Edit</Button>
        </div>
      )}
      {item.state === "sending" && (
        <p className="prompt-state">
          <Icon name="clock" size={13} />
          Sending…
        </p>
      )}
    </article>
  )
}

function waitingWords({ error }: Outgoing): string {
  return error === null
    ? "Waiting for the connection. It will be sent by itself."
    : `${error} It will be sent again by itself.`
}
