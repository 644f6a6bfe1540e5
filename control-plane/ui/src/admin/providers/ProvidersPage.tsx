import { useState } from "react"
import { Link } from "../../app/router.tsx"
import { Button } from "../../design/Button.tsx"
import { Confirm } from "../../design/Dialog.tsx"
import { Failure } from "../../design/Failure.tsx"
import { useNow, useTitle } from "../../design/hooks.ts"
import { Icon } from "../../design/Icon.tsx"
import { toast } from "../../design/toasts.tsx"
import { plural } from "../../format/numbers.ts"
import { ago } from "../../format/time.ts"
import { ProviderState } from "./ProviderNotes.tsx"
import { TestButton, TestResult, useProviderTest } from "./ProviderTest.tsx"
import { type Provider, summaryOf } from "./provider.ts"
import { useProviderActions, useProviders } from "./queries.ts"

/** Where the models of all sessions come from. */
export function ProvidersPage() {
  useTitle("Model providers")
  const list = useProviders()
  const actions = useProviderActions()
  const [deleting, setDeleting] = useState<Provider | null>(null)
  const items = list.data?.items ?? []
  return (
    <section className="admin-section" aria-label="Model providers">
      <div className="admin-bar">
        <p className="muted admin-lead">
          Agents reach models through Berth, which adds the key to each request. Changes hold from the next request on.
        </p>
        <Link to={{ name: "provider", id: null }} className="button" data-kind="primary">
          <Icon name="plus" /> New provider
        </Link>
      </div>
      <Failure what="The model providers could not be read" error={list.error} onRetry={list.refetch} />
      {list.isPending && <div className="skeleton" style={{ height: 120 }} />}
      {items.length > 0 && (
        <ul className="settings-card admin-rows" aria-label="Model providers">
          {items.map((provider) => (
            <ProviderRow key={provider.id} provider={provider} onDelete={() => setDeleting(provider)} />
          ))}
        </ul>
      )}
      {list.data && items.length === 0 && (
        <div className="admin-none">
          <h2>No model provider is configured</h2>
          <p className="muted">
            Agents start without one, and cannot answer. Add one here or in the installation’s values.
          </p>
        </div>
      )}
      {deleting && (
        <Confirm
          title={`Delete the provider ${deleting.id}?`}
          action="Delete"
          onClose={() => setDeleting(null)}
          onConfirm={async () => {
            await actions.remove(deleting.id)
            toast("good", `${deleting.id} is deleted`)
          }}
        >
          Its key is deleted with it, and sessions that use its models are refused from their next request on. If the
          installation’s values have one of the same id, that one holds again.
        </Confirm>
      )}
    </section>
  )
}

function ProviderRow({ provider, onDelete }: { provider: Provider; onDelete: () => void }) {
  const now = useNow(30_000)
  const test = useProviderTest(provider.id)
  const { name, npm, models } = summaryOf(provider)
  const facts = [npm, models.length > 0 ? plural(models.length, "model") : "all models that OpenCode knows"]
  return (
    <li className="admin-row provider-row">
      <div className="admin-words">
        <Link to={{ name: "provider", id: provider.id }} className="provider-name">
          {name}
        </Link>
        <span className="badge" data-tone={provider.source === "database" ? "accent" : "plain"}>
          {provider.source === "database" ? "Stored here" : "From the values"}
        </span>
        <ProviderState provider={provider} />
        <div className="muted settings-small">
          <span className="mono">{provider.id}</span> · {facts.filter((fact) => fact !== "").join(" · ")}
          {provider.updatedAt !== null && ` · saved ${ago(provider.updatedAt, now)} by ${provider.updatedBy}`}
        </div>
      </div>
      <div className="provider-buttons">
        <TestButton test={test} name={provider.id} />
        <Link
          to={{ name: "provider", id: provider.id }}
          className="button"
          aria-label={`${provider.source === "database" ? "Edit" : "View"} ${provider.id}`}
        >
          {provider.source === "database" ? "Edit" : "View"}
        </Link>
        {provider.source === "database" && (
          <Button onClick={onDelete} aria-label={`Delete ${provider.id}`}>
            Delete…
          </Button>
        )}
      </div>
      <TestResult test={test} />
    </li>
  )
}
