import { useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { type Me, useMe } from "../api/account.ts"
import { useApi } from "../app/services.ts"
import { useSignOut } from "../app/sign-out.ts"
import { Button } from "../design/Button.tsx"
import { toast } from "../design/toasts.tsx"
import { NameDialog } from "./NameDialog.tsx"
import { PasswordDialog } from "./PasswordDialog.tsx"

/** Who is signed in, and how that is proved. */
export function Account() {
  const me = useMe()
  const signOut = useSignOut()
  const api = useApi()
  const client = useQueryClient()
  const [changing, setChanging] = useState<"name" | "password" | null>(null)
  const close = () => setChanging(null)
  async function rename(name: string) {
    client.setQueryData(["me"], await api.request<Me>("me", { method: "PATCH", body: { name } }))
    toast("good", "The name is changed")
  }
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
          {me.data?.method === "password" && (
            <>
              <Button onClick={() => setChanging("name")}>Change name…</Button>
              <Button onClick={() => setChanging("password")}>Change password…</Button>
            </>
          )}
          {me.data?.method !== "header" && (
            <Button icon="out" onClick={signOut}>
              Sign out
            </Button>
          )}
        </div>
      </div>
      {changing === "name" && (
        <NameDialog title="Change name" name={me.data?.name ?? ""} onName={rename} onClose={close} />
      )}
      {changing === "password" && <PasswordDialog onClose={close} />}
    </section>
  )
}
