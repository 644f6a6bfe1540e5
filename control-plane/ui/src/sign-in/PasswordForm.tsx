import { useQueryClient } from "@tanstack/react-query"
import { type FormEvent, useId, useState } from "react"
import { ApiError, messageOf } from "../api/client.ts"
import { navigate } from "../app/router.tsx"
import { useApi } from "../app/services.ts"
import { Button } from "../design/Button.tsx"

/** E-mail and password. */
export function PasswordForm({ returnTo }: { returnTo: string }) {
  const api = useApi()
  const client = useQueryClient()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<string | null>(null)
  const id = useId()

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const data = new FormData(event.currentTarget)
    setBusy(true)
    setError(null)
    try {
      const body = { email: String(data.get("email")).trim(), password: String(data.get("password")) }
      await api.request("auth/password", { method: "POST", body })
      client.clear()
      navigate(returnTo, { replace: true })
    } catch (failure) {
      setError(wordsFor(failure))
      setBusy(false)
    }
  }

  return (
    <form className="sign-in-form" onSubmit={submit} aria-describedby={error === null ? undefined : `${id}-error`}>
      <div className="field">
        <label htmlFor={`${id}-email`}>E-mail</label>
        <input
          id={`${id}-email`}
          className="input"
          name="email"
          type="email"
          autoComplete="username"
          required
          autoFocus
          aria-invalid={error !== null}
        />
      </div>
      <div className="field">
        <label htmlFor={`${id}-password`}>Password</label>
        <input
          id={`${id}-password`}
          className="input"
          name="password"
          type="password"
          autoComplete="current-password"
          required
          aria-invalid={error !== null}
        />
      </div>
      {error !== null && (
        <p id={`${id}-error`} className="field-error" role="alert">
          {error}
        </p>
      )}
      <Button type="submit" kind="primary" busy={busy}>
        Sign in
      </Button>
    </form>
  )
}

function wordsFor(failure: unknown): string {
  if (failure instanceof ApiError && failure.status === 429 && failure.retryAfter_s !== null) {
    return `${failure.message} Try again in ${Math.ceil(failure.retryAfter_s)} s.`
  }
  return messageOf(failure)
}
