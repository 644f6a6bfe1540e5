import { useState } from "react"
import { messageOf } from "../../api/client.ts"
import { Button } from "../../design/Button.tsx"
import { Icon } from "../../design/Icon.tsx"
import type { ProviderTest as Result } from "./provider.ts"
import { useProviderActions } from "./queries.ts"

export interface Testing {
  readonly busy: boolean
  readonly result: Result | null
  readonly run: () => Promise<void>
  readonly forget: () => void
}

/** Asks a provider whether it answers to the key that is in force. */
export function useProviderTest(id: string): Testing {
  const actions = useProviderActions()
  const [busy, setBusy] = useState(false)
  const [result, setResult] = useState<Result | null>(null)
  return {
    busy,
    result,
    forget: () => setResult(null),
    async run() {
      setBusy(true)
      setResult(null)
      try {
        setResult(await actions.test(id))
      } catch (error) {
        setResult({ ok: false, verdict: "fails", status: null, message: messageOf(error) })
      }
      setBusy(false)
    },
  }
}

/** Begins the test. */
export function TestButton({ test, name }: { test: Testing; name: string }) {
  return (
    <Button busy={test.busy} onClick={test.run} aria-label={`Test ${name}`}>
      Test
    </Button>
  )
}

const TONES = { works: "good", fails: "bad", unknown: "wait" } as const
const ICONS = { works: "check", fails: "alert", unknown: "help" } as const

/** What came of it; announced when it is there. */
export function TestResult({ test: { result } }: { test: Testing }) {
  return (
    <div className="provider-test" role="status">
      {result && (
        <p data-tone={TONES[result.verdict]}>
          <Icon name={ICONS[result.verdict]} />
          <span>
            {result.verdict === "fails" && (result.status === null ? "No answer. " : `It answered ${result.status}. `)}
            {result.message}
          </span>
        </p>
      )}
    </div>
  )
}
