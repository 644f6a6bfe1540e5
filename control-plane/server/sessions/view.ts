import type { Principal } from "../identity/types.ts"
import { accessTo, mayDo } from "./permissions.ts"
import type { SessionView } from "./service-types.ts"
import type { StoredSession } from "./store/rows.ts"

/** A session as one caller may see it. Who only learns that it exists sees none of its words. */
export function viewOf(session: StoredSession, principal: Pick<Principal, "userId" | "role">): SessionView {
  const view = { ...sharedView(session), may: mayDo(session, principal) }
  if (accessTo(session, principal) !== "exists") return view
  return {
    ...view,
    title: "Private session",
    repository: null,
    environmentFiles: [],
    tags: {},
    reason: session.reason === null ? null : { ...session.reason, message: "Only its owner sees why." },
    steps: session.steps.map((step) => ({ ...step, detail: null })),
    lastMessage: null,
    helpers: null,
    volume: null,
  }
}

/** What is the same for everybody who may read the session: the body of `session.updated`. */
export function sharedView(session: StoredSession): Omit<SessionView, "may"> {
  const { id, title, owner, visibility, desired, status, activity, reason, steps, repository, profile, tags } = session
  const { lastMessage, helpers, volume, createdAt, updatedAt } = session
  return {
    id,
    title,
    owner,
    visibility,
    desired,
    status,
    activity,
    reason,
    steps,
    repository,
    profile,
    binding: session.binding?.type ?? null,
    environmentFiles: session.environmentFiles,
    tags,
    lastMessage,
    helpers,
    volume,
    createdAt,
    updatedAt,
  }
}
