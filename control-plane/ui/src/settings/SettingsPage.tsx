import { useEffect, useState } from "react"
import { replaceSearch } from "../app/router.tsx"
import { IconButton } from "../design/Button.tsx"
import { Callout } from "../design/Callout.tsx"
import { useTitle } from "../design/hooks.ts"
import { toast } from "../design/toasts.tsx"
import { Account } from "./Account.tsx"
import { LinkedAccounts } from "./LinkedAccounts.tsx"
import { Logins } from "./Logins.tsx"
import { linkOutcome } from "./linked.ts"
import { Privacy } from "./Privacy.tsx"
import { Tokens } from "./Tokens.tsx"
import "./settings.css"

/** What belongs to the person who is signed in. */
export default function SettingsPage() {
  useTitle("Settings")
  return (
    <div className="page">
      <div className="settings">
        <h1>Settings</h1>
        <Returned />
        <Account />
        <Privacy />
        <LinkedAccounts />
        <Tokens />
        <Logins />
      </div>
    </div>
  )
}

/** What came of a visit to a git host. The address forgets it, so that a reload does not say it again. */
function Returned() {
  const [failure, setFailure] = useState<string | null>(null)
  useEffect(() => {
    const outcome = linkOutcome(new URLSearchParams(window.location.search))
    if (!outcome) return
    replaceSearch(new URLSearchParams())
    if (outcome.kind === "good") toast("good", outcome.text)
    else setFailure(outcome.text)
  }, [])
  if (failure === null) return null
  const dismiss = <IconButton icon="cross" label="Dismiss" onClick={() => setFailure(null)} />
  return (
    <Callout kind="bad" title="The account was not linked" action={dismiss}>
      <p>{failure}</p>
    </Callout>
  )
}
