import { useState } from "react"
import { Field } from "../design/Field.tsx"
import { CredentialFields } from "./CredentialFields.tsx"
import { EMPTY_DRAFT, type FieldsProps } from "./draft.ts"
import type { SessionOptions } from "./options.ts"
import { VariableFields } from "./VariableFields.tsx"

const MORE = ["title", "depth", "submodules", "binding", "target", "environmentFiles", "variables"] as const

/** What most sessions do not need; open when anything of it is set or wrong. */
export function MoreFields({ options, ...fields }: FieldsProps & { options: SessionOptions | undefined }) {
  const { draft, onChange, faulty } = fields
  const [wasSet] = useState(() => MORE.some((name) => String(draft[name]) !== String(EMPTY_DRAFT[name])))
  const wrong = MORE.some((name) => name === faulty)
  return (
    <details className="new-more" open={wasSet || wrong || undefined}>
      <summary>More: title, credentials, environment, history</summary>
      <div className="new-more-fields">
        <Field label="Title">
          {(control) => (
            <input
              {...control}
              className="input"
              placeholder="From the prompt"
              maxLength={200}
              value={draft.title}
              onChange={(event) => onChange({ title: event.target.value })}
            />
          )}
        </Field>
        {options && <CredentialFields {...fields} options={options} />}
        <VariableFields variables={draft.variables} onChange={(variables) => onChange({ variables })} />
        <CloneFields {...fields} />
      </div>
    </details>
  )
}

function CloneFields({ draft, onChange, faulty }: FieldsProps) {
  return (
    <div className="new-clone">
      <Field label="Commits of history">
        {(control) => (
          <input
            {...control}
            className="input"
            inputMode="numeric"
            placeholder="all"
            maxLength={6}
            value={draft.depth}
            aria-invalid={faulty === "depth"}
            onChange={(event) => onChange({ depth: event.target.value })}
          />
        )}
      </Field>
      <label className="check">
        <input
          type="checkbox"
          checked={draft.submodules}
          onChange={(event) => onChange({ submodules: event.target.checked })}
        />
        <span>
          Clone submodules too <span className="muted">The session may then read what lies beside it at the host.</span>
        </span>
      </label>
    </div>
  )
}
