import { ADMINISTRATOR, useMe } from "../api/account.ts"
import { Link } from "../app/router.tsx"
import { Callout } from "../design/Callout.tsx"
import { useSessionOptions } from "./options.ts"

/** That no agent can answer yet, and who must do what; nothing where a model provider is configured. */
export function NoProvider() {
  const options = useSessionOptions()
  const administers = useMe().data?.role === ADMINISTRATOR
  if (options.data?.hasProviders !== false) return null
  const add = (
    <Link to={{ name: "provider", id: null }} className="button">
      Add a provider
    </Link>
  )
  return (
    <Callout kind="wait" title="No model provider is configured" action={administers ? add : undefined}>
      <p>
        {administers
          ? "Agents start, and cannot answer before there is one."
          : "Agents start, and cannot answer. An administrator of this installation has to add one."}
      </p>
    </Callout>
  )
}
