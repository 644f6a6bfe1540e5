import { useQuery, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import type { Login } from "../api/account.ts"
import type { Page } from "../api/types.ts"
import { useApi } from "../app/services.ts"
import { Button } from "../design/Button.tsx"
import { Confirm } from "../design/Dialog.tsx"
import { Failure } from "../design/Failure.tsx"
import { useNow } from "../design/hooks.ts"
import { browserName } from "../format/browser.ts"
import { plural } from "../format/numbers.ts"
import { ago, fullTime } from "../format/time.ts"

/** The browsers that are signed in, each of which can be signed out. */
export function Logins() {
  const api = useApi()
  const client = useQueryClient()
  const [revoking, setRevoking] = useState<Login | "others" | null>(null)
  const logins = useQuery({
    queryKey: ["logins"],
    queryFn: ({ signal }) => api.request<Page<Login>>("me/logins", { signal }),
  })
  const others = logins.data?.items.filter((login) => !login.current) ?? []
  async function revoke(what: Login | "others") {
    const path = what === "others" ? "me/logins" : `me/logins/${encodeURIComponent(what.id)}`
    await api.request(path, { method: "DELETE" })
    await client.invalidateQueries({ queryKey: ["logins"] })
  }
  return (
    <section className="settings-section" aria-labelledby="logins-title">
      <h2 id="logins-title">Sign-ins</h2>
      <p className="muted">Browsers that are signed in as you. Sign out what you do not know.</p>
      <Failure what="The sign-ins could not be read" error={logins.error} onRetry={logins.refetch} />
      {logins.isPending && <div className="skeleton" style={{ height: 96 }} />}
      <ul className="settings-card">
        {logins.data?.items.map((login) => (
          <LoginRow key={login.id} login={login} onRevoke={() => setRevoking(login)} />
        ))}
      </ul>
      {others.length > 1 && (
        <Button className="button logins-others" onClick={() => setRevoking("others")}>
          Sign out all others
        </Button>
      )}
      {revoking && (
        <Confirm
          title={revoking === "others" ? "Sign out all other browsers?" : "Sign this browser out?"}
          action="Sign out"
          onConfirm={() => revoke(revoking)}
          onClose={() => setRevoking(null)}
        >
          {revoking === "others"
            ? `${plural(others.length, "browser")} will have to sign in again.`
            : `${browserName(revoking.userAgent)} at ${revoking.address} will have to sign in again.`}
        </Confirm>
      )}
    </section>
  )
}

function LoginRow({ login, onRevoke }: { login: Login; onRevoke: () => void }) {
  const now = useNow(30_000)
  return (
    <li className="settings-row">
      <div className="settings-words">
        <strong title={login.userAgent}>{browserName(login.userAgent)}</strong>
        {login.current && (
          <span className="badge" data-tone="accent">
            this browser
          </span>
        )}
        <div className="muted settings-small">
          {login.address} · {login.method} · signed in {fullTime(login.createdAt)} · seen {ago(login.lastSeenAt, now)}
        </div>
      </div>
      {!login.current && (
        <Button onClick={onRevoke} aria-label={`Sign out ${browserName(login.userAgent)} at ${login.address}`}>
          Sign out
        </Button>
      )}
    </li>
  )
}
