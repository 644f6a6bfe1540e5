import { useState } from "react"
import { useMe } from "../api/account.ts"
import { useSignOut } from "../app/sign-out.ts"
import { Button } from "../design/Button.tsx"
import { PasswordDialog } from "./PasswordDialog.tsx"

/** Who is signed in, and how that is proved. */
export function Account() {
  const me = useMe()
  const signOut = useSignOut()
  const [changing, setChanging] = useState(false)
  return (
    <section className="settings-section" aria-labelledby="account-title">
      <h2 id="account-title">Account</h2>
      <div className="settings-card settings-row">
        <div className="settings-words">
          <strong>{me.data?.name || me.data?.email}</strong>
          <div className="muted">
            {me.data?.email} · {me.data?.role}
          </div>
        </div>
        <div className="settings-buttons">
          {me.data?.method === "password" && <Button onClick={() => setChanging(true)}>Change password…</Button>}
          {me.data?.method !== "header" && (
            <Button icon="out" onClick={signOut}>
              Sign out
            </Button>
          )}
        </div>
      </div>
      {changing && <PasswordDialog onClose={() => setChanging(false)} />}
    </section>
  )
}
