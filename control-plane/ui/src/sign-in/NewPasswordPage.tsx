import { useQueryClient } from "@tanstack/react-query"
import { type FormEvent, useState } from "react"
import { messageOf } from "../api/client.ts"
import { Mark } from "../app/Mark.tsx"
import { useSignOut } from "../app/sign-out.ts"
import { Button } from "../design/Button.tsx"
import { useTitle } from "../design/hooks.ts"
import { PasswordFields } from "../settings/PasswordFields.tsx"
import { useChangePassword } from "../settings/use-change-password.ts"
import "./sign-in.css"

/** After a one-time password: nothing but the choice of another one. */
export default function NewPasswordPage({ email }: { email: string }) {
  useTitle("Choose a password")
  const client = useQueryClient()
  const change = useChangePassword()
  const signOut = useSignOut()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<string | null>(null)

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const values = new FormData(event.currentTarget)
    setBusy(true)
    setError(null)
    try {
      await change(values)
      await client.invalidateQueries({ queryKey: ["me"] })
    } catch (failure) {
      setError(messageOf(failure))
      setBusy(false)
    }
  }

  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <div className="sign-in-brand">
          <Mark size={40} />
          <h1>Choose a password</h1>
          <p className="muted">The one you signed in with was given to you, and is good for this only.</p>
        </div>
        <form className="sign-in-form" onSubmit={submit}>
          <PasswordFields email={email} />
          {error !== null && (
            <p className="field-error" role="alert">
              {error}
            </p>
          )}
          <Button type="submit" kind="primary" busy={busy}>
            Go on
          </Button>
          <Button kind="quiet" onClick={signOut}>
            Sign out
          </Button>
        </form>
      </div>
    </main>
  )
}
