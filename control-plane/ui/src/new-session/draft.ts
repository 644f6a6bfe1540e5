import type { CreateSession, Visibility } from "../api/types.ts"

/** What has been filled in for a session that does not exist yet. */
export interface Draft {
  readonly prompt: string
  readonly title: string
  readonly url: string
  readonly ref: string
  /** Null: the user's default. */
  readonly visibility: Visibility | null
}

export const EMPTY_DRAFT: Draft = { prompt: "", title: "", url: "", ref: "", visibility: null }

/** A draft as it was kept; anything unknown in it is left out. */
export function readDraft(kept: unknown): Draft {
  if (typeof kept !== "object" || kept === null) return EMPTY_DRAFT
  const { prompt, title, url, ref, visibility } = kept as Record<string, unknown>
  const text = (value: unknown) => (typeof value === "string" ? value : "")
  return {
    prompt: text(prompt),
    title: text(title),
    url: text(url),
    ref: text(ref),
    visibility: visibility === "private" || visibility === "public" ? visibility : null,
  }
}

/** The request that makes the session; what was left empty is left out. */
export function requestOf(draft: Draft, defaultVisibility: Visibility): CreateSession {
  const [prompt, title, url, ref] = [draft.prompt, draft.title, draft.url, draft.ref].map((text) => text.trim())
  return {
    private: (draft.visibility ?? defaultVisibility) === "private",
    ...(title ? { title } : {}),
    ...(prompt ? { initialUserPrompt: prompt } : {}),
    ...(url ? { repository: { url, ...(ref ? { ref } : {}) } } : {}),
  }
}

/** What keeps it from being sent, in words, or null. */
export function faultOf(draft: Draft): { field: "prompt" | "url" | "ref"; message: string } | null {
  const url = draft.url.trim()
  if (draft.prompt.trim() === "" && url === "") {
    return { field: "prompt", message: "Say what the agent should do, or name a repository." }
  }
  if (url !== "" && !/^(https?:\/\/|ssh:\/\/|git@|[\w.-]+@[\w.-]+:)\S+$/.test(url)) {
    return { field: "url", message: "Give the address as for git clone: https://… or git@host:path." }
  }
  if (/^[a-z]+:\/\/[^/]*:[^/]*@/i.test(url)) {
    return { field: "url", message: "Leave passwords and tokens out of the address: they would be visible." }
  }
  if (draft.ref.trim() !== "" && url === "") return { field: "url", message: "A branch needs a repository." }
  return null
}

/**
 * The idempotency key of an attempt: the same for the same request, so that a repeat after a lost answer does not make
 * a second session; a new one as soon as anything is changed.
 */
export function attemptFor(
  request: CreateSession,
  before: { key: string; body: string } | null,
  newKey: () => string,
): { key: string; body: string } {
  const body = JSON.stringify(request)
  return before?.body === body ? before : { key: newKey(), body }
}
