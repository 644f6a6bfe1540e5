import { useState } from "react"
import { messageOf } from "../api/client.ts"
import type { SessionView } from "../api/types.ts"
import { useApi } from "../app/services.ts"
import { Icon } from "../design/Icon.tsx"
import { toast } from "../design/toasts.tsx"
import { powerOf } from "../sessions/status.ts"
import { Composer } from "./Composer.tsx"
import { usePageLive } from "./live-context.ts"
import { Notices } from "./Notices.tsx"
import { RequestCard } from "./RequestCard.tsx"
import type { PageSession } from "./use-page-session.ts"
import { useSendPrompt } from "./use-send-prompt.ts"

interface DockProps {
  readonly session: SessionView
  readonly page: PageSession
  readonly me: string
  /** Text to put back into the composer. */
  readonly refill: { text: string } | null
  readonly onSent: () => void
}

/** Below the transcript: what the agent asks, and where one writes. */
export function Dock({ session, page, me, refill, onSent }: DockProps) {
  const { state } = usePageLive()
  const open = state.requests.filter((request) => request.state === "open")
  return (
    <div className="dock">
      <div className="dock-column">
        <Notices notices={state.notices} />
        {session.may.write ? (
          <>
            {open.map((request, index) => (
              <RequestCard
                key={request.id}
                sessionId={session.id}
                request={request}
                place={open.length > 1 ? `${index + 1} of ${open.length}` : ""}
              />
            ))}
            <Writing session={session} page={page} refill={refill} onSent={onSent} />
          </>
        ) : (
          <Watching session={session} me={me} asks={open.length > 0} />
        )}
      </div>
    </div>
  )
}

function Writing({ session, page, refill, onSent }: Omit<DockProps, "me">) {
  const api = useApi()
  const sendPrompt = useSendPrompt(page)
  const [aborting, setAborting] = useState(false)
  const stopped = powerOf(session) === "start"

  async function send(text: string) {
    await sendPrompt(session, text)
    onSent()
  }

  async function abort() {
    setAborting(true)
    try {
      await api.request(`sessions/${encodeURIComponent(session.id)}/abort`, { method: "POST", body: {} })
    } catch (error) {
      toast("bad", messageOf(error))
    }
    setAborting(false)
  }

  if (session.status === "deleting") return <p className="dock-note">This session is being deleted.</p>
  return (
    <Composer
      sessionId={session.id}
      working={session.status === "running" && session.activity !== "idle"}
      ready={session.status === "running"}
      stopped={stopped}
      refill={refill}
      aborting={aborting}
      onAbort={abort}
      onSend={send}
    />
  )
}

function Watching({ session, me, asks }: { session: SessionView; me: string; asks: boolean }) {
  const mine = session.owner.id === me
  const name = session.owner.name || session.owner.email
  return (
    <p className="dock-note">
      <Icon name="eye" />
      <span>
        {mine
          ? "You can read this session, but your role does not let you write."
          : `You are watching ${name}’s session. Only ${name} can write.`}
        {asks && " The agent is waiting for an answer."}
      </span>
    </p>
  )
}
