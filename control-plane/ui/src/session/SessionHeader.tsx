import { useState } from "react"
import { messageOf } from "../api/client.ts"
import type { SessionView } from "../api/types.ts"
import { BASE, Link, navigate } from "../app/router.tsx"
import { pathOf } from "../app/routes.ts"
import { Button, IconButton } from "../design/Button.tsx"
import { copy } from "../design/clipboard.ts"
import { Confirm } from "../design/Dialog.tsx"
import { Icon } from "../design/Icon.tsx"
import { Menu, type MenuEntry } from "../design/Menu.tsx"
import { toast } from "../design/toasts.tsx"
import { repositoryLink, repositoryName } from "../format/repository.ts"
import { useSessionActions } from "../sessions/actions.ts"
import { StatusMark } from "../sessions/StatusMark.tsx"
import { powerOf } from "../sessions/status.ts"
import type { LiveSession } from "../transcript/live.ts"
import { RenameDialog } from "./RenameDialog.tsx"
import { ShareDialog } from "./ShareDialog.tsx"

interface SessionHeaderProps {
  readonly session: SessionView
  readonly live: LiveSession
  readonly detailsOpen: boolean
  readonly onDetails: () => void
}

type Asking = "rename" | "share" | "delete"

/** Title, state and what can be done to the session as a whole. */
export function SessionHeader({ session, live, detailsOpen, onDetails }: SessionHeaderProps) {
  const [asking, setAsking] = useState<Asking | null>(null)
  const actions = useSessionActions()
  const power = session.may.manage ? powerOf(session) : null
  const toggle = () => {
    const change = power === "start" ? actions.start(session.id) : actions.stop(session.id)
    change.then(live.take, (error) => toast("bad", messageOf(error)))
  }
  return (
    <header className="session-header">
      <Link
        to={{ name: "list" }}
        className="button session-back"
        data-kind="quiet"
        data-icon-only=""
        aria-label="To the sessions"
      >
        <Icon name="back" />
      </Link>
      <div className="session-names">
        <h1 className="session-title truncate" dir="auto" title={session.title}>
          {session.title}
        </h1>
        <Repository session={session} />
      </div>
      <StatusMark session={session} />
      <div className="session-actions">
        <Button
          className="button wide-action"
          kind="quiet"
          icon={session.visibility === "public" ? "globe" : "lock"}
          disabled={!session.may.manage}
          title={session.may.manage ? "Who can watch" : undefined}
          onClick={() => setAsking("share")}
        >
          <span className="wide-only">{session.visibility === "public" ? "Public" : "Private"}</span>
        </Button>
        {power !== null && (
          <Button
            kind="quiet"
            icon={power === "start" ? "play" : "stop"}
            aria-label={power === "start" ? "Start" : "Stop"}
            onClick={toggle}
          >
            <span className="wide-only">{power === "start" ? "Start" : "Stop"}</span>
          </Button>
        )}
        <IconButton
          icon="panel"
          label="Details"
          className="button wide-action"
          aria-pressed={detailsOpen}
          onClick={onDetails}
        />
        <Menu label="More" iconOnly entries={menuOf(session, setAsking, onDetails)}>
          <Icon name="more" />
        </Menu>
      </div>
      {asking && <Dialogs asking={asking} session={session} live={live} onClose={() => setAsking(null)} />}
    </header>
  )
}

interface DialogsProps {
  readonly asking: Asking
  readonly session: SessionView
  readonly live: LiveSession
  readonly onClose: () => void
}

function Dialogs({ asking, session, live, onClose }: DialogsProps) {
  const actions = useSessionActions()
  if (asking === "rename") return <RenameDialog session={session} live={live} onClose={onClose} />
  if (asking === "share") return <ShareDialog session={session} live={live} onClose={onClose} />
  return (
    <Confirm
      title="Delete this session?"
      action="Delete"
      onConfirm={async () => {
        await actions.remove(session.id)
        navigate("", { replace: true })
      }}
      onClose={onClose}
    >
      History, workspace and everything in it that was not pushed are gone for good.
    </Confirm>
  )
}

function Repository({ session }: { session: SessionView }) {
  if (!session.repository) return null
  const { url, ref } = session.repository
  const link = repositoryLink(url)
  const words = (
    <>
      {repositoryName(url)}
      {ref !== null && <span> {ref}</span>}
    </>
  )
  return link === null ? (
    <span className="session-where truncate">{words}</span>
  ) : (
    <a className="session-where truncate" href={link} target="_blank" rel="noopener noreferrer">
      {words}
    </a>
  )
}

function menuOf(session: SessionView, ask: (what: Asking) => void, onDetails: () => void): readonly MenuEntry[] {
  const link = new URL(pathOf({ name: "session", id: session.id }), BASE).href
  const own: readonly MenuEntry[] = [
    { label: "Rename…", icon: "edit", onSelect: () => ask("rename") },
    { label: "Who can watch…", icon: "share", onSelect: () => ask("share") },
    "line",
    { label: "Delete…", icon: "trash", danger: true, onSelect: () => ask("delete") },
  ]
  return [
    { label: "Details", icon: "panel", onSelect: onDetails },
    { label: "Copy link", icon: "copy", onSelect: () => void copy(link, "Link copied") },
    ...(session.may.manage ? own : []),
  ]
}
