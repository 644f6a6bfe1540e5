import { memo } from "react"
import type { SessionView } from "../api/types.ts"
import { Link } from "../app/router.tsx"
import { Icon } from "../design/Icon.tsx"
import { repositoryName } from "../format/repository.ts"
import { fullTime, shortAgo } from "../format/time.ts"
import { StatusMark, VisibilityMark } from "./StatusMark.tsx"

interface SessionRowProps {
  readonly session: SessionView
  readonly now: number
  readonly selected: boolean
  /** Something is selected: the boxes are shown everywhere. */
  readonly selecting: boolean
  readonly onSelect: (id: string, range: boolean) => void
}

/** One session of the list. */
export const SessionRow = memo(function SessionRow({ session, now, selected, selecting, onSelect }: SessionRowProps) {
  const { title, owner, repository, lastMessage, reason } = session
  const at = lastMessage?.at ?? session.createdAt
  return (
    <li
      className="session-row"
      {...(selected ? { "data-selected": "" } : {})}
      {...(selecting ? { "data-selecting": "" } : {})}
    >
      <input
        type="checkbox"
        className="session-check"
        aria-label={`Select ${title}`}
        checked={selected}
        disabled={!session.may.manage}
        onChange={(event) =>
          onSelect(session.id, event.nativeEvent instanceof MouseEvent && event.nativeEvent.shiftKey)
        }
      />
      <StatusMark session={session} />
      <div className="session-words">
        <Link
          to={{ name: "session", id: session.id }}
          className="session-link truncate"
          dir="auto"
          data-id={session.id}
        >
          {title}
        </Link>
        <span className="session-last truncate" dir="auto">
          {session.status === "failed" && reason ? reason.message : (lastMessage?.text ?? "No message yet")}
        </span>
      </div>
      <span className="session-repository truncate" title={repository?.url}>
        {repository && (
          <>
            <Icon name="branch" size={14} />
            <span className="truncate">
              {repositoryName(repository.url)}
              {repository.ref !== null && <span className="session-ref"> {repository.ref}</span>}
            </span>
          </>
        )}
      </span>
      <span className="session-owner truncate" title={owner.email}>
        {owner.name || owner.email}
      </span>
      <VisibilityMark session={session} />
      <time className="session-time numbers" dateTime={new Date(at).toISOString()} title={fullTime(at)}>
        {shortAgo(at, now)}
      </time>
    </li>
  )
})
