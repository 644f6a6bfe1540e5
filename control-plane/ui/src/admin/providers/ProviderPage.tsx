import { Failure } from "../../design/Failure.tsx"
import { useTitle } from "../../design/hooks.ts"
import { ProviderEditor } from "./ProviderEditor.tsx"
import { definitionText, TEMPLATES } from "./provider.ts"
import { useProvider } from "./queries.ts"

/** One model provider, to be read, edited and tried; or a new one. */
export function ProviderPage({ id }: { id: string | null }) {
  useTitle(id ?? "New provider")
  const found = useProvider(id)
  if (id === null) {
    const first = TEMPLATES[0]?.definition ?? {}
    return <ProviderEditor provider={null} text={definitionText(first)} />
  }
  return (
    <>
      <Failure what="The model provider could not be read" error={found.error} onRetry={found.refetch} />
      {found.isPending && <div className="skeleton" style={{ height: 320 }} />}
      {found.data && <ProviderEditor provider={found.data} text={definitionText(found.data.definition)} />}
    </>
  )
}
