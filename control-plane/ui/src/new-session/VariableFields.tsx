import type { ClipboardEvent } from "react"
import { Button, IconButton } from "../design/Button.tsx"
import { parseVariables, type Variable } from "./variables.ts"

interface VariableFieldsProps {
  readonly variables: readonly Variable[]
  readonly onChange: (variables: readonly Variable[]) => void
}

/** Variables of the agent's environment. Lines of a `.env` file pasted into a name become rows. */
export function VariableFields({ variables, onChange }: VariableFieldsProps) {
  const set = (index: number, change: Partial<Variable>) =>
    onChange(variables.map((one, at) => (at === index ? { ...one, ...change } : one)))

  function onPaste(event: ClipboardEvent<HTMLInputElement>, index: number) {
    const pasted = parseVariables(event.clipboardData.getData("text"))
    if (pasted.length === 0) return
    event.preventDefault()
    onChange([...variables.slice(0, index), ...pasted, ...variables.slice(index + 1)])
  }

  return (
    <fieldset className="new-variables">
      <legend className="label">Environment variables</legend>
      {variables.map(({ name, value }, index) => (
        <div key={index} className="new-variable">
          <input
            className="input mono"
            aria-label={`Name of variable ${index + 1}`}
            placeholder="NAME, or paste lines of a .env file"
            maxLength={128}
            spellCheck={false}
            autoCapitalize="off"
            autoComplete="off"
            autoFocus={name === "" && value === ""}
            value={name}
            onPaste={(event) => onPaste(event, index)}
            onChange={(event) => set(index, { name: event.target.value.trim() })}
          />
          <input
            className="input mono"
            type="password"
            aria-label={`Value of ${name || `variable ${index + 1}`}`}
            placeholder={value === null ? "give it again" : "value"}
            maxLength={32_768}
            autoComplete="new-password"
            value={value ?? ""}
            onChange={(event) => set(index, { value: event.target.value })}
          />
          <IconButton
            icon="trash"
            label={`Remove ${name || `variable ${index + 1}`}`}
            onClick={() => onChange(variables.filter((_, at) => at !== index))}
          />
        </div>
      ))}
      <Button icon="plus" className="button new-variable-add" onClick={() => onChange([...variables, EMPTY])}>
        Add variable
      </Button>
      <div className="field-note">Stored encrypted and never shown again. The agent can read them.</div>
    </fieldset>
  )
}

const EMPTY: Variable = { name: "", value: "" }
