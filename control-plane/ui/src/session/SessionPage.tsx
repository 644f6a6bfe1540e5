import { useEffect, useRef, useState, useSyncExternalStore } from "react"
import { useMe } from "../api/account.ts"
import { messageOf } from "../api/client.ts"
import { ConnectionBanner } from "../app/ConnectionBanner.tsx"
import { Link, navigate } from "../app/router.tsx"
import { useShortcuts } from "../app/shortcuts.ts"
import { Button } from "../design/Button.tsx"
import { useTitle } from "../design/hooks.ts"
import { toast } from "../design/toasts.tsx"
import { lookOf } from "../sessions/status.ts"
import { Transcript, type TranscriptHandle } from "../transcript/Transcript.tsx"
import { Announcer } from "./Announcer.tsx"
import { Details, useDetailsOpen } from "./Details.tsx"
import { Dock } from "./Dock.tsx"
import { LiveProvider, usePageLive } from "./live-context.ts"
import { SessionHeader } from "./SessionHeader.tsx"
import { type PageSession, usePageSession } from "./use-page-session.ts"
import { useSendPrompt } from "./use-send-prompt.ts"
import "./session.css"

/** One session: what the agent does, and everything one may do with it. */
export default function SessionPage({ id }: { id: string }) {
  const page = usePageSession(id)
  if (!page) return null
  return (
    <LiveProvider value={page.live}>
      <Loaded page={page} />
    </LiveProvider>
  )
}

function Loaded({ page }: { page: PageSession }) {
  const { state, error, ready, link } = usePageLive()
  const { session } = state
  const me = useMe()
  const sendPrompt = useSendPrompt(page)
  const outgoing = useSyncExternalStore(page.outbox.subscribe, page.outbox.snapshot)
  const transcript = useRef<TranscriptHandle>(null)
  const [refill, setRefill] = useState<{ text: string } | null>(null)
  const [detailsOpen, setDetailsOpen] = useDetailsOpen()
  useTitle(session ? titleOf(session) : "")
  useShortcuts({
    i: () => document.getElementById("composer")?.focus(),
    u: () => navigate(""),
    End: () => transcript.current?.toEnd(),
  })
  const { deleted } = state
  const title = session?.title ?? ""
  useEffect(() => {
    if (!deleted) return
    toast("good", title === "" ? "The session was deleted" : `“${title}” was deleted`)
    navigate("", { replace: true })
  }, [deleted, title])

  if (link.state === "ended" && link.why === "gone") return <Gone />
  if (error?.status === 404) return <Gone />
  if (error?.status === 403) return <Private owner={session?.owner.name ?? ""} />
  if (!session) return error ? <Unreadable message={messageOf(error)} onRetry={page.live.reload} /> : <Loading />
  return (
    <div className="session-page" {...(detailsOpen ? { "data-details": "" } : {})}>
      <SessionHeader
        session={session}
        live={page.live}
        detailsOpen={detailsOpen}
        onDetails={() => setDetailsOpen(!detailsOpen)}
      />
      <div className="session-main">
        <ConnectionBanner link={link} onRetry={page.live.nudge} />
        {error && <Unreadable message={messageOf(error)} onRetry={page.live.reload} />}
        <Transcript
          ref={transcript}
          outgoing={outgoing}
          ready={ready}
          onRetry={page.outbox.retry}
          onEdit={(item) => {
            if (page.outbox.discard(item.id)) setRefill({ text: item.text })
          }}
          onSendAgain={session.may.write ? (text) => void sendPrompt(session, text).catch(showFailure) : null}
        />
        <Dock
          session={session}
          page={page}
          me={me.data?.id ?? ""}
          refill={refill}
          onSent={() => transcript.current?.toEnd()}
        />
      </div>
      {detailsOpen && <Details session={session} state={state} onClose={() => setDetailsOpen(false)} />}
      <Announcer session={session} requests={state.requests} />
    </div>
  )
}

const showFailure = (failure: unknown) => toast("bad", messageOf(failure))

function titleOf(session: Parameters<typeof lookOf>[0] & { title: string; status: string }): string {
  const { label, tone } = lookOf(session)
  return tone === "wait" || tone === "bad" ? `${label}: ${session.title}` : session.title
}

function Gone() {
  useTitle("Not found")
  return (
    <div className="page">
      <div className="empty">
        <h1>There is no such session</h1>
        <p className="muted">It was deleted, or its owner keeps it private.</p>
        <Link to={{ name: "list" }} className="button">
          To the sessions
        </Link>
      </div>
    </div>
  )
}

/** An administrator sees that a session exists, and not what is in it. */
function Private({ owner }: { owner: string }) {
  useTitle("Private session")
  return (
    <div className="page">
      <div className="empty">
        <h1>This session is private</h1>
        <p className="muted">Only {owner === "" ? "its owner" : owner} can read it.</p>
        <Link to={{ name: "list" }} className="button">
          To the sessions
        </Link>
      </div>
    </div>
  )
}

function Unreadable({ message, onRetry }: { message: string; onRetry: () => void }) {
  return (
    <div className="banner" data-kind="bad" role="alert">
      <span>{message}</span>
      <Button onClick={onRetry}>Try again</Button>
    </div>
  )
}

function Loading() {
  return (
    <div className="session-page" role="status" aria-label="Loading the session">
      <div className="session-header">
        <span className="skeleton" style={{ width: 260, height: 14 }} />
      </div>
    </div>
  )
}
