import type { AgentRequest, SessionView } from "../api/types.ts"
import { lookOf } from "../sessions/status.ts"

/** Tells assistive technology what changed, in few words; the text itself is too much to be read out as it comes. */
export function Announcer({ session, requests }: { session: SessionView; requests: readonly AgentRequest[] }) {
  const [open, ...more] = requests.filter((request) => request.state === "open")
  return (
    <div className="hidden-text" role="status" aria-live="polite">
      {open
        ? `${wordsFor(open)}${more.length > 0 ? ` And ${more.length} more.` : ""}`
        : `Session: ${lookOf(session).label}. ${session.reason?.message ?? ""}`}
    </div>
  )
}

function wordsFor(request: AgentRequest): string {
  if (request.kind === "question") return `The agent asks: ${request.body.questions?.[0]?.question ?? "a question"}`
  return `The agent asks for permission: ${request.body.permission ?? ""} ${request.body.command ?? ""}`
}
