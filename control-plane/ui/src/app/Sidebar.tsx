import { ADMINISTRATOR, useMe } from "../api/account.ts"
import type { SessionView } from "../api/types.ts"
import { Icon } from "../design/Icon.tsx"
import { NO_FILTERS } from "../sessions/filters.ts"
import { useSessions } from "../sessions/queries.ts"
import { StatusMark } from "../sessions/StatusMark.tsx"
import { Mark } from "./Mark.tsx"
import { Link, useRoute } from "./router.tsx"
import { UserMenu } from "./UserMenu.tsx"

const RECENT_MAX = 14
const ADMIN_PAGES: readonly string[] = ["users", "providers", "provider", "audit"]
const MINE = { ...NO_FILTERS, owner: "me" }

/** Navigation, with one's own latest sessions and what they do right now. */
export function Sidebar({ onSearch, onHelp }: { onSearch: () => void; onHelp: () => void }) {
  const me = useMe()
  const route = useRoute()
  const recent = useSessions(MINE, me.data !== undefined)
  const sessions = recent.data?.pages[0]?.items.slice(0, RECENT_MAX) ?? []
  return (
    <nav className="sidebar" aria-label="Main">
      <div className="sidebar-head">
        <Link to={{ name: "list" }} className="brand">
          <Mark /> Berth
        </Link>
      </div>
      <div className="sidebar-actions">
        <Link to={{ name: "new" }} className="button sidebar-new">
          <Icon name="plus" /> New session <kbd className="kbd">n</kbd>
        </Link>
        <button type="button" className="nav-item" onClick={onSearch}>
          <Icon name="search" /> Go to… <kbd className="kbd">Ctrl K</kbd>
        </button>
        <Link to={{ name: "list" }} className="nav-item" aria-current={route.name === "list" ? "page" : undefined}>
          <Icon name="list" /> Sessions
        </Link>
        <Link
          to={{ name: "settings" }}
          className="nav-item"
          aria-current={route.name === "settings" ? "page" : undefined}
        >
          <Icon name="gear" /> Settings
        </Link>
        {me.data?.role === ADMINISTRATOR && (
          <Link
            to={{ name: "users" }}
            className="nav-item"
            aria-current={ADMIN_PAGES.includes(route.name) ? "page" : undefined}
          >
            <Icon name="wrench" /> Administration
          </Link>
        )}
      </div>
      {sessions.length > 0 && (
        <section className="sidebar-recent" aria-labelledby="recent-title">
          <h2 id="recent-title" className="sidebar-title">
            Your sessions
          </h2>
          <ul>
            {sessions.map((session) => (
              <Recent
                key={session.id}
                session={session}
                current={route.name === "session" && route.id === session.id}
              />
            ))}
          </ul>
        </section>
      )}
      <div className="sidebar-foot">{me.data && <UserMenu me={me.data} onHelp={onHelp} />}</div>
    </nav>
  )
}

function Recent({ session, current }: { session: SessionView; current: boolean }) {
  return (
    <li>
      <Link to={{ name: "session", id: session.id }} className="nav-item" aria-current={current ? "page" : undefined}>
        <StatusMark session={session} dot />
        <span className="truncate" dir="auto" title={session.title}>
          {session.title}
        </span>
      </Link>
    </li>
  )
}
