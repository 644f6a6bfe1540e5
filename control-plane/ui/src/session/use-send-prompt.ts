import type { SessionView } from "../api/types.ts"
import { useSessionActions } from "../sessions/actions.ts"
import { powerOf } from "../sessions/status.ts"
import type { PageSession } from "./use-page-session.ts"

/** Sends a prompt to the page's session, which is started first when it is stopped. Rejects when it cannot be started. */
export function useSendPrompt(page: PageSession): (session: SessionView, text: string) => Promise<void> {
  const actions = useSessionActions()
  return async (session, text) => {
    if (powerOf(session) === "start") page.live.take(await actions.start(session.id))
    page.outbox.send(text)
  }
}
