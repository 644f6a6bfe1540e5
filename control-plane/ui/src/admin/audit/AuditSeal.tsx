import { Callout } from "../../design/Callout.tsx"
import { useNow } from "../../design/hooks.ts"
import { ago } from "../../format/time.ts"
import { isOverdue, sealWords } from "./audit.ts"
import { useSeal } from "./queries.ts"

/** That the record is no longer sealed, with where to look; nothing while it is. */
export function SealWarning() {
  const { data: seal } = useSeal()
  const now = useNow(30_000)
  if (!seal || !isOverdue(seal, now)) return null
  return (
    <Callout
      kind="wait"
      title={`The audit log is not being sealed: the first event that waits is from ${ago(seal.unsealed.oldestAt ?? now, now)}`}
    >
      <p>
        It is sealed once a minute. The control plane’s log says what keeps it from that; look there for{" "}
        <span className="mono">the audit log could not be sealed</span>.
      </p>
    </Callout>
  )
}

/** How the audit log is kept from being changed, and how far it is sealed. */
export function SealNote() {
  const { data: seal, error } = useSeal()
  const now = useNow(30_000)
  return (
    <p className="field-note">
      Nothing can be changed or taken out: events are sealed in signed checkpoints, each of which holds the one before
      it. {error ? "How far could not be read. " : seal && `${sealWords(seal, now)} `}
      <span className="mono">node /app/main.mjs --verify-audit</span> in the control plane’s pod proves the chain.
    </p>
  )
}
