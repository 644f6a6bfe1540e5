import { Callout } from "../../design/Callout.tsx"
import type { Provider } from "./provider.ts"

/** Marks a provider that agents do not get, or that has a warning. */
export function ProviderState({ provider: { faults, warnings } }: { provider: Provider }) {
  if (faults.length > 0) {
    return (
      <span className="badge" data-tone="bad">
        Not in use
      </span>
    )
  }
  if (warnings.length === 0) return null
  return (
    <span className="badge" data-tone="wait">
      {warnings.length === 1 ? "1 warning" : `${warnings.length} warnings`}
    </span>
  )
}

/** Why agents do not get a stored provider, and what to know about one that they get. */
export function ProviderNotes({ provider: { faults, warnings } }: { provider: Provider }) {
  return (
    <>
      {faults.length > 0 && (
        <Callout kind="bad" title="Agents do not get this provider. All others work.">
          <Sentences of={faults} />
        </Callout>
      )}
      {warnings.length > 0 && (
        <Callout kind="wait" title={warnings.length === 1 ? "Warning" : `${warnings.length} warnings`}>
          <Sentences of={warnings} />
        </Callout>
      )}
    </>
  )
}

function Sentences({ of }: { of: readonly string[] }) {
  return (
    <ul className="faults">
      {of.map((sentence) => (
        <li key={sentence}>{sentence}</li>
      ))}
    </ul>
  )
}
