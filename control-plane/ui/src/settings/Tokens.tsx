import { useQuery, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import type { Page } from "../api/types.ts"
import { useApi } from "../app/services.ts"
import { Button } from "../design/Button.tsx"
import { Confirm } from "../design/Dialog.tsx"
import { Failure } from "../design/Failure.tsx"
import { useNow } from "../design/hooks.ts"
import { ShownOnce } from "../design/ShownOnce.tsx"
import { toast } from "../design/toasts.tsx"
import { ago, fullTime, shortDay } from "../format/time.ts"
import { NewTokenDialog } from "./NewTokenDialog.tsx"
import { type ApiToken, expiryOf } from "./token-form.ts"

const KEY = ["tokens"]

/** Tokens for programs that act as this person. */
export function Tokens() {
  const api = useApi()
  const client = useQueryClient()
  const [making, setMaking] = useState(false)
  const [made, setMade] = useState<(ApiToken & { token: string }) | null>(null)
  const [revoking, setRevoking] = useState<ApiToken | null>(null)
  const tokens = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => api.request<Page<ApiToken>>("tokens", { signal }),
  })
  async function revoke(token: ApiToken) {
    await api.request(`tokens/${encodeURIComponent(token.id)}`, { method: "DELETE" })
    await client.invalidateQueries({ queryKey: KEY })
    toast("good", `The token ${token.name} no longer works`)
  }
  return (
    <section className="settings-section" aria-labelledby="tokens-title">
      <div className="settings-head">
        <div>
          <h2 id="tokens-title">API tokens</h2>
          <p className="muted">For scripts and programs that act as you.</p>
        </div>
        <Button icon="plus" onClick={() => setMaking(true)}>
          New token
        </Button>
      </div>
      <Failure what="The API tokens could not be read" error={tokens.error} onRetry={tokens.refetch} />
      {tokens.isPending && <div className="skeleton" style={{ height: 60 }} />}
      {tokens.data?.items.length === 0 && <p className="settings-card settings-none muted">You have no API token.</p>}
      {tokens.data && tokens.data.items.length > 0 && (
        <ul className="settings-card">
          {tokens.data.items.map((token) => (
            <TokenRow key={token.id} token={token} onRevoke={() => setRevoking(token)} />
          ))}
        </ul>
      )}
      {making && (
        <NewTokenDialog
          onMade={async (token) => {
            setMaking(false)
            setMade(token)
            await client.invalidateQueries({ queryKey: KEY })
          }}
          onClose={() => setMaking(false)}
        />
      )}
      {made && (
        <ShownOnce
          title={`Token ${made.name}`}
          label="Token"
          value={made.token}
          note={`Send it as Authorization: Bearer. It works until ${fullTime(made.expiresAt)}.`}
          onClose={() => setMade(null)}
        />
      )}
      {revoking && (
        <Confirm
          title={`Revoke the token ${revoking.name}?`}
          action="Revoke"
          onConfirm={() => revoke(revoking)}
          onClose={() => setRevoking(null)}
        >
          Programs that use it are refused from their next request on.
        </Confirm>
      )}
    </section>
  )
}

function TokenRow({ token, onRevoke }: { token: ApiToken; onRevoke: () => void }) {
  const now = useNow(30_000)
  const expiry = expiryOf(token, now)
  return (
    <li className="settings-row">
      <div className="settings-words">
        <strong>{token.name}</strong>
        {expiry !== "later" && (
          <span className="badge" data-tone={expiry === "over" ? "bad" : "wait"}>
            {expiry === "over" ? "Expired" : "Expires soon"}
          </span>
        )}
        <div className="muted settings-small">
          <span className="mono">{token.scopes.join(" ")}</span>
        </div>
        <div className="muted settings-small">
          {token.lastUsedAt === null ? "never used" : `used ${ago(token.lastUsedAt, now)}`} · made{" "}
          {shortDay(token.createdAt, now)} ·{" "}
          <span title={fullTime(token.expiresAt)}>
            {expiry === "over" ? "expired" : "expires"} {shortDay(token.expiresAt, now)}
          </span>
        </div>
      </div>
      <Button onClick={onRevoke} aria-label={`Revoke the token ${token.name}`}>
        Revoke…
      </Button>
    </li>
  )
}
