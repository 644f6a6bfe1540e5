import { messageOf } from "../api/client.ts"
import { Button } from "./Button.tsx"
import { Callout } from "./Callout.tsx"

interface FailureProps {
  readonly what: string
  readonly error: unknown
  readonly onRetry: () => unknown
}

/** Why something could not be read, with another try; nothing without an error. */
export function Failure({ what, error, onRetry }: FailureProps) {
  if (!error) return null
  return (
    <Callout kind="bad" title={what} action={<Button onClick={() => void onRetry()}>Try again</Button>}>
      <p>{messageOf(error)}</p>
    </Callout>
  )
}
