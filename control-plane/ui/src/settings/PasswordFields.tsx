import { Field } from "../design/Field.tsx"
import { PASSWORD_CHARACTERS_MIN } from "./password-form.ts"

/** The password one has, and the new one twice. `email` is for the browser's own store of passwords. */
export function PasswordFields({ email }: { email: string }) {
  return (
    <>
      <input
        className="hidden-text"
        type="email"
        autoComplete="username"
        readOnly
        tabIndex={-1}
        aria-hidden="true"
        value={email}
      />
      <Field label="Current password">
        {(control) => (
          <input
            {...control}
            className="input"
            name="current"
            type="password"
            autoComplete="current-password"
            required
            autoFocus
          />
        )}
      </Field>
      <Field label="New password" note={`${PASSWORD_CHARACTERS_MIN} characters at least. A few words are fine.`}>
        {(control) => (
          <input {...control} className="input" name="next" type="password" autoComplete="new-password" required />
        )}
      </Field>
      <Field label="New password again">
        {(control) => (
          <input {...control} className="input" name="again" type="password" autoComplete="new-password" required />
        )}
      </Field>
    </>
  )
}
