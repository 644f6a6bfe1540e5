import { memo } from "react"
import type { Message } from "../../api/types.ts"
import { IconButton } from "../../design/Button.tsx"
import { Callout } from "../../design/Callout.tsx"
import { copy } from "../../design/clipboard.ts"
import { compact, dollars } from "../../format/numbers.ts"
import { duration } from "../../format/time.ts"
import type { Turn } from "../rows.ts"
import { SendAgain } from "./SendAgain.tsx"

/** What a turn took: model, time, tokens, cost. */
export const TurnRow = memo(function TurnRow({ turn }: { turn: Turn }) {
  const { model, took_ms, usage, text } = turn
  const facts = [
    model,
    took_ms === null ? null : duration(took_ms),
    usage.input + usage.output > 0 ? `${compact(usage.input)} in · ${compact(usage.output)} out` : null,
    usage.cost > 0 ? dollars(usage.cost) : null,
  ].filter((fact) => fact !== null)
  return (
    <div className="turn-end numbers">
      {text !== "" && <IconButton icon="copy" label="Copy answer" onClick={() => copy(text, "Answer copied")} />}
      <span title={usage.cached > 0 ? `${compact(usage.cached)} more tokens came from the cache` : undefined}>
        {facts.join(" · ")}
      </span>
    </div>
  )
})

interface TroubleRowProps {
  readonly message: Message
  readonly onSendAgain: ((text: string) => void) | null
}

/** Why a message of the agent ended early. */
export const TroubleRow = memo(function TroubleRow({ message, onSendAgain }: TroubleRowProps) {
  const { error } = message.body
  if (!error || error.code === "aborted") {
    return (
      <div className="row-divider">
        {error ? "Stopped on request" : "Interrupted: the session was stopped while the agent was writing"}
        {!error && <SendAgain message={message} onSendAgain={onSendAgain} />}
      </div>
    )
  }
  return (
    <Callout kind="bad" title="The agent could not go on">
      <p>{error.message}</p>
    </Callout>
  )
})
