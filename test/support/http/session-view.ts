import type { SessionView } from "../../../control-plane/server/sessions/service-types.ts"

/** A running session as its API answers it, where a test needs any. */
export const session: SessionView = {
  id: "ses_1",
  title: "t",
  owner: { id: "u", name: "n", email: "e" },
  visibility: "private",
  desired: "running",
  status: "running",
  activity: "idle",
  reason: null,
  steps: [],
  repository: null,
  profile: null,
  tags: {},
  lastMessage: null,
  helpers: null,
  createdAt: 1,
  updatedAt: 1,
  may: { write: true, manage: true, readFiles: true },
}
