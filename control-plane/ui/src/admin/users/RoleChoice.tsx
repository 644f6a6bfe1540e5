import { useState } from "react"
import { ROLES } from "./user.ts"

/** The known roles, and room for one of the operator's own. */
export function RoleChoice({ role }: { role: string }) {
  const known = ROLES.some(({ name }) => name === role)
  const [chosen, setChosen] = useState(known ? role : "other")
  return (
    <fieldset className="checks">
      <legend className="label">Role</legend>
      {ROLES.map(({ name, words }) => (
        <label key={name} className="check">
          <input type="radio" name="role" value={name} checked={chosen === name} onChange={() => setChosen(name)} />
          <span>
            {name} <span className="muted">{words}</span>
          </span>
        </label>
      ))}
      <label className="check">
        <input
          type="radio"
          name="role"
          value="other"
          checked={chosen === "other"}
          onChange={() => setChosen("other")}
        />
        <span>
          Another <span className="muted">As a member; selects an environment of this installation.</span>
        </span>
      </label>
      {chosen === "other" && (
        <input
          className="input mono"
          name="own-role"
          aria-label="Name of the role"
          defaultValue={known ? "" : role}
          maxLength={63}
          spellCheck={false}
          autoCapitalize="off"
        />
      )}
    </fieldset>
  )
}
