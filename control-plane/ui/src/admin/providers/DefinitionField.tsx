import { type Ref, useId } from "react"
import { useSettled } from "../../design/hooks.ts"
import { readDefinition } from "./provider.ts"

interface DefinitionFieldProps {
  readonly text: string
  readonly onChange: (text: string) => void
  readonly ref: Ref<HTMLTextAreaElement>
}

const TYPING_MS = 400

/** Where the JSON is written. Says where it stops being JSON, once somebody has stopped typing. */
export function DefinitionField({ text, onChange, ref }: DefinitionFieldProps) {
  const id = useId()
  const read = readDefinition(useSettled(text, TYPING_MS))
  const fault = "fault" in read ? read.fault : null
  return (
    <div className="field">
      <label htmlFor={id}>Definition, as in provider.&lt;id&gt; of OpenCode’s configuration</label>
      <textarea
        id={id}
        ref={ref}
        className="input mono provider-json"
        value={text}
        rows={Math.min(28, Math.max(12, text.split("\n").length + 1))}
        spellCheck={false}
        autoCapitalize="off"
        autoCorrect="off"
        wrap="off"
        aria-invalid={fault !== null}
        aria-describedby={`${id}-fault`}
        onChange={(event) => onChange(event.target.value)}
      />
      <p id={`${id}-fault`} className="field-error" role="status">
        {fault && `Line ${fault.line}, column ${fault.column}: ${fault.message}`}
      </p>
    </div>
  )
}
