import type { AccountView, LinkedAccounts } from "../../../server/credentials/accounts/accounts.ts"

/** An account at a git host, as its owner sees it. Times are milliseconds since the epoch. */
export type LinkedAccount = AccountView

/** What is linked, and where accounts can be linked. */
export interface LinkedAccountList {
  readonly items: readonly LinkedAccount[]
  readonly available: Readonly<ReturnType<LinkedAccounts["available"]>>
}

/** The hosts that have no account of this user yet. */
export function linkable(list: LinkedAccountList | undefined): LinkedAccountList["available"] {
  const taken = new Set(list?.items.map(({ host }) => host))
  return list?.available.filter(({ host }) => !taken.has(host)) ?? []
}

/** Where the app of an account's host is let in to repositories; null when there is no such page. */
export function installUrlOf(list: LinkedAccountList | undefined, host: string): string | null {
  return list?.available.find((one) => one.host === host)?.installUrl ?? null
}

/** A host as people call it. */
export function hostName(provider: string, host: string): string {
  if (host === "github.com") return "GitHub"
  return provider.startsWith("github") ? `GitHub at ${host}` : host
}

/** What the way back from a git host says, from the page's parameters: its outcome in words, or null. */
export function linkOutcome(search: URLSearchParams): { kind: "good" | "bad"; text: string } | null {
  const error = search.get("error")
  if (error !== null) return { kind: "bad", text: error }
  const linked = search.get("linked")
  return linked === null ? null : { kind: "good", text: `Your account at ${linked} is linked` }
}
