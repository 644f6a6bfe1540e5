import { useState } from "react"
import { useMe } from "../../api/account.ts"
import { Button } from "../../design/Button.tsx"
import { Failure } from "../../design/Failure.tsx"
import { useNow, useSettled, useTitle } from "../../design/hooks.ts"
import { SearchField } from "../../design/SearchField.tsx"
import { useUsers } from "./queries.ts"
import { type UserAction, UserDialogs } from "./UserDialogs.tsx"
import { UserRow } from "./UserRow.tsx"

const TYPING_MS = 180

/** Everybody who has ever signed in or was given an account, and what may be done about them. */
export function UsersPage() {
  useTitle("Users")
  const me = useMe()
  const now = useNow(30_000)
  const [words, setWords] = useState("")
  const [action, setAction] = useState<UserAction | null>(null)
  const list = useUsers(useSettled(words.trim(), TYPING_MS))
  const users = list.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <section className="admin-section" aria-label="Users">
      <div className="admin-bar">
        <SearchField
          className="admin-search"
          label="Search users"
          placeholder="Name or address"
          value={words}
          searching={list.isPlaceholderData}
          onChange={setWords}
        />
        <Button kind="primary" icon="plus" onClick={() => setAction({ kind: "create" })}>
          New user
        </Button>
      </div>
      <Failure what="The users could not be read" error={list.error} onRetry={list.refetch} />
      {list.isPending && <div className="skeleton" style={{ height: 160 }} />}
      {users.length > 0 && (
        <ul className="settings-card admin-rows" aria-label="Users">
          {users.map((user) => (
            <UserRow key={user.id} user={user} now={now} own={user.id === me.data?.id} onAction={setAction} />
          ))}
        </ul>
      )}
      {list.data && users.length === 0 && <p className="admin-none muted">Nobody has that in the name or address.</p>}
      {list.hasNextPage && (
        <div className="admin-more">
          <Button busy={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
      {action && <UserDialogs action={action} onAction={setAction} />}
    </section>
  )
}
