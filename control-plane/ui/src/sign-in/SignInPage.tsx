import { useQuery } from "@tanstack/react-query"
import type { Offer } from "../api/account.ts"
import { messageOf, query } from "../api/client.ts"
import { Mark } from "../app/Mark.tsx"
import { BASE, useSearch } from "../app/router.tsx"
import { useApi } from "../app/services.ts"
import { Button } from "../design/Button.tsx"
import { Callout } from "../design/Callout.tsx"
import { useTitle } from "../design/hooks.ts"
import { PasswordForm } from "./PasswordForm.tsx"
import "./sign-in.css"

/** The way in, by every method that is configured. `returnTo` is a path below the prefix. */
export default function SignInPage({ returnTo }: { returnTo: string }) {
  useTitle("Sign in")
  const api = useApi()
  const failure = useSearch().get("error")
  const methods = useQuery({
    queryKey: ["methods"],
    queryFn: ({ signal }) => api.request<{ methods: readonly Offer[] }>("auth/methods", { signal }),
  })
  const offers = methods.data?.methods ?? []
  const form = offers.find((offer) => offer.kind === "form")
  const links = offers.filter((offer) => offer.kind === "redirect")
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <div className="sign-in-brand">
          <Mark size={40} />
          <h1>Sign in to Berth</h1>
        </div>
        {failure !== null && (
          <Callout kind="bad" title="Signing in did not work">
            <p>{failure}</p>
          </Callout>
        )}
        {methods.error && (
          <Callout
            kind="bad"
            title="Berth cannot be reached"
            action={<Button onClick={() => methods.refetch()}>Try again</Button>}
          >
            <p>{messageOf(methods.error)}</p>
          </Callout>
        )}
        {methods.isPending && <div className="skeleton" style={{ height: 150 }} />}
        {links.map((offer) => (
          <a key={offer.id} className="button sign-in-button" href={hrefOf(offer, returnTo)}>
            {offer.label}
          </a>
        ))}
        {form && links.length > 0 && <div className="sign-in-or">or</div>}
        {form && <PasswordForm returnTo={returnTo} />}
        {methods.data && offers.length === 0 && (
          <Callout kind="wait" title="No way to sign in is configured">
            <p>The operator of this installation has to enable one in its values.</p>
          </Callout>
        )}
      </div>
    </main>
  )
}

function hrefOf(offer: Offer, returnTo: string): string {
  const back = new URL(returnTo, BASE)
  return new URL(`${offer.path ?? ""}${query({ return: back.pathname + back.search })}`, BASE).href
}
