import { useQuery } from "@tanstack/react-query"
import type { Page, SessionView } from "../api/types.ts"
import { BASE } from "../app/router.tsx"
import { useApi } from "../app/services.ts"
import { compact } from "../format/numbers.ts"
import { fullTime } from "../format/time.ts"

/** What is kept of a session in the installation's object store. */
interface KeptPage extends Page<{ readonly name: string; readonly bytes: number; readonly at: number }> {
  /** Why the last attempt to write failed. */
  readonly trouble: string | null
}

const NAMES: Readonly<Record<string, string>> = {
  "manifest.json": "Summary",
  "transcript.ndjson": "Conversation",
  "workspace.patch": "Changes, as a patch",
}

/** What was kept when the session was stopped, to be downloaded; nothing where nothing is. */
export function KeptFiles({ session }: { session: SessionView }) {
  const api = useApi()
  const path = `sessions/${encodeURIComponent(session.id)}/artifacts`
  const kept = useQuery({
    queryKey: ["artifacts", session.id, session.updatedAt],
    queryFn: ({ signal }) => api.request<KeptPage>(path, { signal }),
    enabled: session.status === "stopped",
  })
  if (session.status !== "stopped" || !kept.data || kept.data.items.length === 0) return null
  return (
    <section className="kept-files" aria-label="Kept files">
      <h3>Kept files</h3>
      <ul>
        {kept.data.items.map(({ name, bytes, at }) => (
          <li key={name}>
            <a href={new URL(`api/${path}/${name}`, BASE).href} download={name} title={`${name}, ${fullTime(at)}`}>
              {NAMES[name] ?? name}
            </a>{" "}
            <span className="muted numbers">{compact(bytes)}B</span>
          </li>
        ))}
      </ul>
      {kept.data.trouble !== null && <p className="field-error">{kept.data.trouble}</p>}
    </section>
  )
}
