import { type FormEvent, type RefObject, useRef, useState } from "react"
import { messageOf } from "../../api/client.ts"
import { Link, navigate } from "../../app/router.tsx"
import { pathOf } from "../../app/routes.ts"
import { Button } from "../../design/Button.tsx"
import { Callout } from "../../design/Callout.tsx"
import { Field } from "../../design/Field.tsx"
import { toast } from "../../design/toasts.tsx"
import { DefinitionField } from "./DefinitionField.tsx"
import { ProviderNotes } from "./ProviderNotes.tsx"
import { TestButton, TestResult, useProviderTest } from "./ProviderTest.tsx"
import { definitionText, idFault, type Provider, readDefinition, SECRET_PLACEHOLDER, TEMPLATES } from "./provider.ts"
import { faultsOf, useProviderActions } from "./queries.ts"

interface ProviderEditorProps {
  /** Null: a new one. */
  readonly provider: Provider | null
  /** What to begin with. */
  readonly text: string
}

/** The JSON of a provider with all that is wrong about it. What was typed stays until it is saved. */
export function ProviderEditor({ provider, text: first }: ProviderEditorProps) {
  const field = useRef<HTMLTextAreaElement>(null)
  const form = useProviderForm(provider, first, field)
  const { id, setId, text, setText, saved, stored, busy, faults, idError, test, submit } = form
  const source = stored?.source ?? null
  const changed = text !== saved
  return (
    <form className="admin-section provider-editor" onSubmit={submit} noValidate aria-label="Model provider">
      <div className="admin-bar">
        <h2>{provider === null ? "New provider" : provider.id}</h2>
        <Link to={{ name: "providers" }}>All providers</Link>
      </div>
      {source === "values" && (
        <Callout kind="plain" title="It comes from the installation’s values">
          <p className="muted">
            (providers.{id}) What you save here takes its place, key included, until it is deleted here again.
          </p>
        </Callout>
      )}
      {stored !== null && <ProviderNotes provider={stored} />}
      {provider === null && (
        <NewProvider
          id={id}
          error={idError}
          onId={setId}
          onTemplate={(template) => {
            setId(template.id)
            setText(definitionText(template.definition))
          }}
        />
      )}
      <DefinitionField ref={field} text={text} onChange={setText} />
      <p className="field-note">
        A secret is <span className="mono">{SECRET_PLACEHOLDER}</span> wherever it is shown: leave that, and the stored
        value stays; write over it, and the new value is stored encrypted. Another host asks for it again.
      </p>
      {faults.length > 0 && (
        <Callout
          kind="bad"
          title={faults.length === 1 ? "It is not saved" : `It is not saved: ${faults.length} faults`}
        >
          <ul className="faults">
            {faults.map((fault) => (
              <li key={fault}>{fault}</li>
            ))}
          </ul>
        </Callout>
      )}
      <div className="provider-buttons">
        <Button type="submit" kind="primary" busy={busy} disabled={!changed && provider !== null}>
          {source === "values" ? "Save in place of the values" : "Save"}
        </Button>
        {provider !== null && <TestButton test={test} name={provider.id} />}
        {changed && provider !== null && (
          <Button kind="quiet" onClick={() => setText(saved)}>
            Discard changes
          </Button>
        )}
      </div>
      {provider !== null && <TestResult test={test} />}
    </form>
  )
}

/** What is typed about a provider, and its way to the server. */
function useProviderForm(provider: Provider | null, first: string, field: RefObject<HTMLTextAreaElement | null>) {
  const actions = useProviderActions()
  const [id, setId] = useState(provider?.id ?? "")
  const [text, setText] = useState(first)
  const [saved, setSaved] = useState(first)
  const [stored, setStored] = useState(provider)
  const [busy, setBusy] = useState(false)
  const [faults, setFaults] = useState<readonly string[]>([])
  const [idError, setIdError] = useState<string | null>(null)
  const test = useProviderTest(id)

  async function submit(event: FormEvent) {
    event.preventDefault()
    const read = readDefinition(text)
    const wrongId = idFault(id)
    setIdError(wrongId)
    if ("fault" in read) {
      field.current?.focus()
      field.current?.setSelectionRange(read.fault.at, read.fault.at + 1)
    }
    if (busy || wrongId !== null || "fault" in read) return
    setBusy(true)
    setFaults([])
    test.forget()
    try {
      const now = await actions.save(id, read.definition)
      toast("good", `${id} is saved`)
      if (provider === null) return navigate(pathOf({ name: "provider", id }), { replace: true })
      setStored(now)
      setText(definitionText(now.definition))
      setSaved(definitionText(now.definition))
    } catch (error) {
      setFaults(faultsOf(error) ?? [messageOf(error)])
    }
    setBusy(false)
  }

  return { id, setId, text, setText, saved, stored, busy, faults, idError, test, submit }
}

interface NewProviderProps {
  readonly id: string
  readonly error: string | null
  readonly onId: (id: string) => void
  readonly onTemplate: (template: (typeof TEMPLATES)[number]) => void
}

function NewProvider({ id, error, onId, onTemplate }: NewProviderProps) {
  return (
    <>
      <div className="provider-templates" role="group" aria-label="Begin with">
        <span className="muted">Begin with</span>
        {TEMPLATES.map((template) => (
          <Button key={template.label} onClick={() => onTemplate(template)}>
            {template.label}
          </Button>
        ))}
      </div>
      <Field label="Id" note="Models are called <id>/<model>. It cannot be changed later." error={error}>
        {(control) => (
          <input
            {...control}
            className="input mono provider-id"
            value={id}
            maxLength={64}
            spellCheck={false}
            autoCapitalize="off"
            autoFocus
            onChange={(event) => onId(event.target.value)}
          />
        )}
      </Field>
    </>
  )
}
