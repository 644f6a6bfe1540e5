import type { Link } from "../api/event-stream.ts"
import type { Change, SessionView } from "../api/types.ts"

/** What can be followed: the list of sessions, or a transcript after the event with that number. */
export type Topic =
  | { readonly kind: "list" }
  | { readonly kind: "session"; readonly id: string; readonly after: number }

/** What happened in it. `reset`: something may have been missed, read it again. */
export type Told =
  | { readonly kind: "reset" }
  | { readonly kind: "session"; readonly session: SessionView }
  | { readonly kind: "gone"; readonly id: string }
  | { readonly kind: "change"; readonly seq: number; readonly change: Change }

export interface Subscription {
  /** Of its page alone, and never used twice. */
  readonly key: number
  readonly topic: Topic
}

/** `want` has all subscriptions of a page, and is repeated: a hub that has forgotten the page knows it again. */
export type FromPage =
  | { readonly op: "want"; readonly subscriptions: readonly Subscription[] }
  | { readonly op: "nudge" }

/** `alive` answers every `want`. */
export type FromHub =
  | { readonly op: "alive" }
  | { readonly op: "told"; readonly key: number; readonly told: Told }
  | { readonly op: "link"; readonly key: number; readonly link: Link }

/** How often a page repeats what it wants. */
export const REPEAT_MS = 10_000
/** Between repeats of a hidden page; browsers then run timers once a minute. */
export const SILENT_PAGE_MS_MAX = 180_000
