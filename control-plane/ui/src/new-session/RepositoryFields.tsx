import { useQueryClient } from "@tanstack/react-query"
import { useId } from "react"
import { loadedSessions } from "../sessions/queries.ts"
import type { Draft } from "./draft.ts"

interface RepositoryFieldsProps {
  readonly draft: Draft
  readonly onChange: (change: Partial<Draft>) => void
  /** Name of the field that is wrong. */
  readonly faulty: string
}

const KNOWN_MAX = 12

/** What to clone, with the repositories of earlier sessions at hand. */
export function RepositoryFields({ draft, onChange, faulty }: RepositoryFieldsProps) {
  const id = useId()
  const client = useQueryClient()
  const urls = loadedSessions(client).flatMap((session) => (session.repository ? [session.repository.url] : []))
  const known = [...new Set(urls)].slice(0, KNOWN_MAX)
  return (
    <div className="new-repository">
      <div className="field">
        <label htmlFor={`${id}-url`}>Repository</label>
        <input
          id={`${id}-url`}
          className="input mono"
          type="url"
          inputMode="url"
          list={`${id}-known`}
          placeholder="https://git.example.com/team/project.git"
          spellCheck={false}
          autoCapitalize="off"
          maxLength={2048}
          value={draft.url}
          aria-invalid={faulty === "url"}
          onChange={(event) => onChange({ url: event.target.value })}
        />
        <datalist id={`${id}-known`}>
          {known.map((url) => (
            <option key={url} value={url} />
          ))}
        </datalist>
      </div>
      <div className="field">
        <label htmlFor={`${id}-ref`}>Branch, tag or commit</label>
        <input
          id={`${id}-ref`}
          className="input mono"
          placeholder="default branch"
          spellCheck={false}
          autoCapitalize="off"
          maxLength={255}
          value={draft.ref}
          aria-invalid={faulty === "ref"}
          onChange={(event) => onChange({ ref: event.target.value })}
        />
      </div>
    </div>
  )
}
