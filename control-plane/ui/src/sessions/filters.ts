import type { SessionStatus, SessionView, Visibility } from "../api/types.ts"

/** What the list is narrowed to; it stands in the address, so that a list can be linked to. */
export interface Filters {
  readonly q: string
  readonly visibility: Visibility | ""
  readonly status: SessionStatus | ""
  /** A user's id, or `me`. */
  readonly owner: string
}

export const NO_FILTERS: Filters = { q: "", visibility: "", status: "", owner: "" }

export const STATUS_CHOICES: readonly SessionStatus[] = [
  "creating",
  "starting",
  "running",
  "stopping",
  "stopped",
  "failed",
  "deleting",
]

/** Reads the filters of an address; what is not a filter's value is left out. */
export function filtersFrom(search: URLSearchParams): Filters {
  const visibility = search.get("visibility")
  const status = search.get("status")
  return {
    q: search.get("q") ?? "",
    visibility: visibility === "private" || visibility === "public" ? visibility : "",
    status: STATUS_CHOICES.find((choice) => choice === status) ?? "",
    owner: search.get("owner") ?? "",
  }
}

/** The parameters of an address that say the same. */
export function searchFrom(filters: Filters): URLSearchParams {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(filters)) if (value !== "") search.set(name, value)
  return search
}

/** Whether anything is left out. */
export function isFiltered(filters: Filters): boolean {
  return searchFrom(filters).size > 0
}

/**
 * Whether a session belongs in the list. Words are the server's to search: `null` means that it must be asked.
 * @param me the id of the user who looks
 */
export function matches(session: SessionView, filters: Filters, me: string): boolean | null {
  if (filters.visibility !== "" && session.visibility !== filters.visibility) return false
  if (filters.status !== "" && session.status !== filters.status) return false
  if (filters.owner !== "" && session.owner.id !== (filters.owner === "me" ? me : filters.owner)) return false
  return filters.q === "" ? true : null
}
