import { memo } from "react"
import { StartSteps } from "../session/StartSteps.tsx"
import type { Line } from "./lines.ts"
import { PartRow } from "./rows/PartRow.tsx"
import { TroubleRow, TurnRow } from "./rows/TurnRow.tsx"
import { type Outgoing, OutgoingRow, UserRow } from "./rows/UserRow.tsx"

/** What can be done with a prompt that has not arrived or got no answer. */
export interface LineActions {
  readonly onRetry: (id: string) => void
  readonly onEdit: (item: Outgoing) => void
  /** Sends the text of a prompt that got no answer; null for people who only watch. */
  readonly onSendAgain: ((text: string) => void) | null
}

interface LineViewProps extends LineActions {
  readonly line: Line
}

/** One line of the transcript. */
export const LineView = memo(function LineView({ line, onRetry, onEdit, onSendAgain }: LineViewProps) {
  switch (line.kind) {
    case "user":
      return <UserRow message={line.message} onSendAgain={onSendAgain} />
    case "part":
      return <PartRow part={line.part} live={line.live} />
    case "trouble":
      return <TroubleRow message={line.message} onSendAgain={onSendAgain} />
    case "turn":
      return <TurnRow turn={line.turn} />
    case "outgoing":
      return <OutgoingRow item={line.item} onRetry={onRetry} onEdit={onEdit} />
    case "start":
      return <StartSteps session={line.session} />
    case "working":
      return (
        <p className="working">
          <span className="working-dots" aria-hidden="true">
            <i /> <i /> <i />
          </span>
          Working
        </p>
      )
  }
})
