import { useRef } from "react"
import { useMe } from "../api/account.ts"
import { messageOf } from "../api/client.ts"
import { Link, replaceSearch, useSearch } from "../app/router.tsx"
import { useShortcuts } from "../app/shortcuts.ts"
import { Button } from "../design/Button.tsx"
import { Callout } from "../design/Callout.tsx"
import { useNow, useSettled, useTitle } from "../design/hooks.ts"
import { Icon } from "../design/Icon.tsx"
import { NoProvider } from "../new-session/NoProvider.tsx"
import { BulkBar } from "./BulkBar.tsx"
import { FilterBar } from "./FilterBar.tsx"
import { type Filters, filtersFrom, isFiltered, NO_FILTERS, searchFrom } from "./filters.ts"
import { FirstStep, NothingMatches } from "./ListEmpty.tsx"
import { listKeys } from "./list-keys.ts"
import { useSessions } from "./queries.ts"
import { SessionRow } from "./SessionRow.tsx"
import { useSelection } from "./selection.ts"
import "./list.css"

/** One asks the server when somebody has stopped typing. */
const TYPING_MS = 180

/** All sessions that one may see. */
export function ListPage() {
  useTitle("Sessions")
  const filters = filtersFrom(useSearch())
  const asked = useSettled(filters, TYPING_MS)
  const me = useMe()
  const list = useSessions(asked)
  const sessions = list.data?.pages.flatMap((page) => page.items) ?? []
  const selection = useSelection(sessions)
  const now = useNow(30_000)
  const rows = useRef<HTMLUListElement>(null)
  const search = useRef<HTMLInputElement>(null)
  const setFilters = (next: Filters) => replaceSearch(searchFrom(next))
  useShortcuts(listKeys(rows, search, selection))

  return (
    <div className="page list-page">
      <div className="list-head">
        <h1>Sessions</h1>
        <Link to={{ name: "new" }} className="button" data-kind="primary">
          <Icon name="plus" /> New session
        </Link>
      </div>
      <NoProvider />
      <FilterBar
        filters={filters}
        onChange={setFilters}
        searchRef={search}
        owners={sessions.map((session) => session.owner)}
        me={me.data?.id ?? ""}
        searching={list.isPlaceholderData}
      />
      {list.error && (
        <Callout
          kind="bad"
          title="The list could not be read"
          action={<Button onClick={() => list.refetch()}>Try again</Button>}
        >
          <p>{messageOf(list.error)}</p>
        </Callout>
      )}
      {list.isPending && <Skeletons />}
      {sessions.length > 0 && (
        <ul ref={rows} className="session-list" aria-label="Sessions">
          {sessions.map((session) => (
            <SessionRow
              key={session.id}
              session={session}
              now={now}
              selected={selection.ids.has(session.id)}
              selecting={selection.ids.size > 0}
              onSelect={selection.toggle}
            />
          ))}
        </ul>
      )}
      {list.data &&
        sessions.length === 0 &&
        !list.error &&
        (isFiltered(asked) ? <NothingMatches onClear={() => setFilters(NO_FILTERS)} /> : <FirstStep />)}
      {list.hasNextPage && (
        <div className="list-more">
          <Button busy={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
      {selection.selected.length > 0 && <BulkBar sessions={selection.selected} onDone={selection.clear} />}
    </div>
  )
}

function Skeletons() {
  return (
    <ul className="session-list" aria-busy="true" aria-label="Loading sessions">
      {[62, 48, 71, 40, 55, 66].map((width) => (
        <li key={width} className="session-row">
          <span className="skeleton" style={{ width: 70, height: 12 }} />
          <span className="skeleton" style={{ width: `${width}%`, height: 12 }} />
        </li>
      ))}
    </ul>
  )
}
