import { useMemo } from "react"
import { usePageLive } from "../session/live-context.ts"
import { PartRow } from "./rows/PartRow.tsx"

/** What a sub-agent did, inside the call that started it. */
export function SubAgent({ agentSessionId }: { agentSessionId: string }) {
  const { messages } = usePageLive().state
  const parts = useMemo(
    () =>
      messages
        .filter((message) => message.agentSessionId === agentSessionId && message.role === "assistant")
        .flatMap((message) => message.parts)
        .filter((part) => part.type === "tool" || (part.type === "text" && (part.body.text ?? "") !== "")),
    [messages, agentSessionId],
  )
  if (parts.length === 0) return null
  return (
    <section className="sub-agent" aria-label="What the sub-agent did">
      {parts.map((part) => (
        <PartRow key={part.id} part={part} live={false} />
      ))}
    </section>
  )
}
