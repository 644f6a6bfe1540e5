import { useMe } from "../api/account.ts"
import { useApi } from "../app/services.ts"
import { Field } from "../design/Field.tsx"
import { FormDialog } from "../design/FormDialog.tsx"
import { type ApiToken, LIFETIMES_DAYS, scopesFor, tokenRequest } from "./token-form.ts"

interface NewTokenDialogProps {
  readonly onMade: (token: ApiToken & { token: string }) => Promise<void>
  readonly onClose: () => void
}

/** What a new token is called, may do, and how long it works. */
export function NewTokenDialog({ onMade, onClose }: NewTokenDialogProps) {
  const api = useApi()
  const me = useMe()
  async function submit(values: FormData) {
    const body = tokenRequest(values, Date.now())
    await onMade(await api.request("tokens", { method: "POST", body }))
  }
  return (
    <FormDialog title="New API token" action="Create token" onSubmit={submit} onClose={onClose}>
      <Field label="Name">
        {(control) => (
          <input
            {...control}
            className="input"
            name="name"
            maxLength={100}
            placeholder="What it is for"
            autoComplete="off"
            autoFocus
          />
        )}
      </Field>
      <fieldset className="checks">
        <legend className="label">It may</legend>
        {me.data &&
          scopesFor(me.data).map(({ name, words }) => (
            <label key={name} className="check">
              <input type="checkbox" name="scope" value={name} defaultChecked={name === "sessions:read"} />
              <span>
                {words} <span className="muted mono">{name}</span>
              </span>
            </label>
          ))}
      </fieldset>
      <Field label="It works for">
        {(control) => (
          <select {...control} className="input" name="days" defaultValue={30}>
            {LIFETIMES_DAYS.map((days) => (
              <option key={days} value={days}>
                {days === 365 ? "a year" : `${days} days`}
              </option>
            ))}
          </select>
        )}
      </Field>
    </FormDialog>
  )
}
