import { useQuery, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { messageOf } from "../api/client.ts"
import { useApi } from "../app/services.ts"
import { Button } from "../design/Button.tsx"
import { Callout } from "../design/Callout.tsx"
import { Confirm } from "../design/Dialog.tsx"
import { Failure } from "../design/Failure.tsx"
import { toast } from "../design/toasts.tsx"
import { fullTime } from "../format/time.ts"
import { hostName, installUrlOf, type LinkedAccount, type LinkedAccountList, linkable } from "./linked.ts"

const KEY = ["linked-accounts"]

/** Accounts at git hosts that one's sessions clone and push with. */
export function LinkedAccounts() {
  const api = useApi()
  const client = useQueryClient()
  const [unlinking, setUnlinking] = useState<LinkedAccount | null>(null)
  const accounts = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => api.request<LinkedAccountList>("linked-accounts", { signal }),
  })
  async function unlink(account: LinkedAccount) {
    await api.request(`linked-accounts/${encodeURIComponent(account.id)}`, { method: "DELETE" })
    await client.invalidateQueries({ queryKey: KEY })
    toast("good", `${account.login} at ${account.host} is unlinked`)
  }
  const { items = [], available = [] } = accounts.data ?? {}
  const none = accounts.data !== undefined && items.length === 0 && available.length === 0
  return (
    <section className="settings-section" aria-labelledby="linked-title">
      <h2 id="linked-title">Linked accounts</h2>
      <p className="muted">
        Your sessions clone and push with them, and commits carry their name and address. The agent never sees a key.
      </p>
      <Failure what="The linked accounts could not be read" error={accounts.error} onRetry={accounts.refetch} />
      {accounts.isPending && <div className="skeleton" style={{ height: 60 }} />}
      {none && (
        <Callout kind="plain" title="No git host is set up for linking">
          <p className="muted">
            The operator of this installation can set one up (github.app in its values). Public repositories work
            without.
          </p>
        </Callout>
      )}
      {items.length + available.length > 0 && (
        <ul className="settings-card">
          {items.map((account) => (
            <AccountRow
              key={account.id}
              account={account}
              installUrl={installUrlOf(accounts.data, account.host)}
              onUnlink={() => setUnlinking(account)}
            />
          ))}
          {linkable(accounts.data).map(({ provider, host, installUrl }) => (
            <li key={host} className="settings-row">
              <div className="settings-words">
                <strong>{hostName(provider, host)}</strong>
                <div className="muted settings-small">
                  No account is linked. <InstallLink url={installUrl} />
                </div>
              </div>
              <LinkButton provider={provider} host={host} words={`Link ${hostName(provider, host)}`} />
            </li>
          ))}
        </ul>
      )}
      {unlinking && (
        <Confirm
          title={`Unlink ${unlinking.login} at ${unlinking.host}?`}
          action="Unlink"
          onConfirm={() => unlink(unlinking)}
          onClose={() => setUnlinking(null)}
        >
          Running sessions can no longer clone from or push to {unlinking.host} as you, from their next request on. What
          was granted there ends as well.
        </Confirm>
      )}
    </section>
  )
}

interface AccountRowProps {
  readonly account: LinkedAccount
  readonly installUrl: string | null
  readonly onUnlink: () => void
}

function AccountRow({ account, installUrl, onUnlink }: AccountRowProps) {
  const { provider, host, login, name, email, brokenReason, createdAt } = account
  return (
    <li className="settings-row">
      <div className="settings-words">
        <strong>{login}</strong> <span className="muted">at {hostName(provider, host)}</span>
        {brokenReason === null ? (
          <span className="badge" data-tone="good">
            Linked
          </span>
        ) : (
          <span className="badge" data-tone="bad">
            Link again
          </span>
        )}
        <div className="muted settings-small">
          Commits as {name} &lt;{email}&gt; · since {fullTime(createdAt)}
        </div>
        <div className="muted settings-small">
          <InstallLink url={installUrl} />
        </div>
        {brokenReason !== null && <div className="field-error">{brokenReason}</div>}
      </div>
      <div className="settings-buttons">
        {brokenReason !== null && <LinkButton provider={provider} host={host} words="Link again" />}
        <Button onClick={onUnlink} aria-label={`Unlink ${login} at ${host}`}>
          Unlink…
        </Button>
      </div>
    </li>
  )
}

/** An account reaches the repositories that the app was let in to, and no others. */
function InstallLink({ url }: { url: string | null }) {
  if (url === null) return null
  return (
    <a href={url} target="_blank" rel="noopener noreferrer">
      Install the app on a repository
    </a>
  )
}

/** Leads to the host, which leads back to the settings. */
function LinkButton({ provider, host, words }: { provider: string; host: string; words: string }) {
  const api = useApi()
  const [busy, setBusy] = useState(false)
  async function begin() {
    setBusy(true)
    try {
      const path = `linked-accounts/${encodeURIComponent(provider)}`
      const { url } = await api.request<{ url: string }>(path, { method: "POST", body: {} })
      window.location.assign(url)
    } catch (error) {
      toast("bad", messageOf(error))
      setBusy(false)
    }
  }
  return (
    <Button kind="primary" busy={busy} onClick={begin} title={`Goes to ${host}`}>
      {words}
    </Button>
  )
}
