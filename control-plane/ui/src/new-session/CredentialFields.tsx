import { Field } from "../design/Field.tsx"
import type { FieldsProps } from "./draft.ts"
import { bindingName, type ProfileOption, profileOf, type SessionOptions } from "./options.ts"

interface CredentialFieldsProps extends FieldsProps {
  readonly options: SessionOptions
}

/** Where the session's credentials come from, as far as the operator leaves a choice. */
export function CredentialFields({ options, ...fields }: CredentialFieldsProps) {
  const profile = profileOf(options, fields.draft.profile)
  return (
    <>
      {options.items.length > 0 && <ProfileField {...fields} options={options} profile={profile} />}
      {profile && profile.allowedBindings.length > 0 && <BindingFields {...fields} profile={profile} />}
      {options.environmentFiles.length > 0 && <FileFields {...fields} options={options} />}
    </>
  )
}

interface ProfileFieldProps extends CredentialFieldsProps {
  readonly profile: ProfileOption | undefined
}

function ProfileField({ draft, onChange, faulty, options, profile }: ProfileFieldProps) {
  const preset = options.items.find(({ isDefault }) => isDefault)
  return (
    <Field label="Credential profile" note={profile && noteOf(profile)}>
      {(control) => (
        <select
          {...control}
          className="input"
          value={draft.profile}
          aria-invalid={faulty === "profile"}
          onChange={(event) => onChange({ profile: event.target.value, binding: "", resolver: "", target: "" })}
        >
          <option value="">{preset ? `${preset.name} (default)` : "none"}</option>
          {options.items
            .filter((one) => one !== preset)
            .map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
        </select>
      )}
    </Field>
  )
}

/** What of a profile the agent itself can read. */
function noteOf({ exposedToAgent, environmentFiles }: ProfileOption): string {
  const exposed = [...exposedToAgent, ...environmentFiles.map((file) => `what is in ${file}`)]
  return exposed.length === 0 ? "The agent sees none of its values." : `The agent can read ${exposed.join(", ")}.`
}

function BindingFields({ draft, onChange, faulty, profile }: FieldsProps & { profile: ProfileOption }) {
  const variable = draft.binding === "bearer_env"
  return (
    <>
      <Field label="How its token is used">
        {(control) => (
          <select
            {...control}
            className="input"
            value={draft.binding}
            aria-invalid={faulty === "binding"}
            onChange={(event) =>
              onChange({ binding: event.target.value, target: "", resolver: profile.resolvers[0] ?? "" })
            }
          >
            <option value="">As the profile says: {bindingName(profile.binding)}</option>
            {profile.allowedBindings.map((type) => (
              <option key={type} value={type}>
                {bindingName(type)}
              </option>
            ))}
          </select>
        )}
      </Field>
      {draft.binding !== "" && (
        <div className="new-clone">
          <Field label="Token from">
            {(control) => (
              <select
                {...control}
                className="input"
                value={draft.resolver}
                onChange={(event) => onChange({ resolver: event.target.value })}
              >
                {profile.resolvers.map((name) => (
                  <option key={name}>{name}</option>
                ))}
              </select>
            )}
          </Field>
          <Field label={variable ? "Variable" : "Model provider"}>
            {(control) => (
              <input
                {...control}
                className="input mono"
                placeholder={variable ? "API_TOKEN" : draft.binding === "claude_api_key_helper" ? "anthropic" : ""}
                maxLength={64}
                spellCheck={false}
                autoCapitalize="off"
                value={draft.target}
                aria-invalid={faulty === "target"}
                onChange={(event) => onChange({ target: event.target.value })}
              />
            )}
          </Field>
        </div>
      )}
    </>
  )
}

function FileFields({ draft, onChange, options }: CredentialFieldsProps) {
  const chosen = draft.environmentFiles
  const toggle = (name: string, on: boolean) =>
    onChange({ environmentFiles: on ? [...chosen, name] : chosen.filter((one) => one !== name) })
  return (
    <fieldset className="checks">
      <legend className="label">Environment files</legend>
      {options.environmentFiles.map((name) => (
        <label key={name} className="check">
          <input
            type="checkbox"
            checked={chosen.includes(name)}
            onChange={(event) => toggle(name, event.target.checked)}
          />
          <span className="mono">
            {name}
            {chosen.length > 1 && chosen.includes(name) && <span className="muted"> {chosen.indexOf(name) + 1}</span>}
          </span>
        </label>
      ))}
      <div className="field-note">
        The agent can read what is in them.{chosen.length > 1 && " A later one goes over an earlier one."}
      </div>
    </fieldset>
  )
}
