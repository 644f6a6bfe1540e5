import { useState } from "react"
import type { Message } from "../../api/types.ts"
import { Button } from "../../design/Button.tsx"
import { usePageLive } from "../../session/live-context.ts"
import { textToSendAgain } from "../send-again.ts"

interface SendAgainProps {
  readonly message: Message
  /** Null for people who only watch. */
  readonly onSendAgain: ((text: string) => void) | null
}

/** Sends a prompt that got no answer once more, as a new one: the agent has gone on since. */
export function SendAgain({ message, onSendAgain }: SendAgainProps) {
  const { messages } = usePageLive().state
  const [sent, setSent] = useState(false)
  const text = textToSendAgain(message, messages)
  if (sent || text === null || onSendAgain === null) return null
  return (
    <Button
      onClick={() => {
        setSent(true)
        onSendAgain(text)
      }}
    >
      Send again
    </Button>
  )
}
