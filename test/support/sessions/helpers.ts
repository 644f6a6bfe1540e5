import { expect, vi } from "vitest"
import type { Principal, Sessions, SessionView } from "../../../control-plane/server/sessions/index.ts"
import type { World } from "./world.ts"

export const patience = { timeout: 90_000, interval: 50 }

/** Waits until the session is in this state and returns it. */
export async function until(
  sessions: Sessions,
  user: Principal,
  id: string,
  wanted: object,
  timeout = 90_000,
): Promise<SessionView> {
  return await vi.waitFor(
    async () => {
      const session = await sessions.get(user, id)
      expect(session).toMatchObject(wanted)
      return session
    },
    { ...patience, timeout },
  )
}

/** Waits for the session's pod; `not` is an earlier one's uid. */
export async function podOf(world: World, sessionId: string, not?: string): Promise<{ name: string; uid: string }> {
  return await vi.waitFor(async () => {
    const pods = await world.kubelet.pods()
    const { metadata } = pods.find((pod) => pod.metadata?.labels?.["berth.dev/session"] === sessionId) ?? {}
    if (metadata?.name === undefined || metadata.uid === undefined || metadata.uid === not)
      throw new Error("no pod yet")
    return { name: metadata.name, uid: metadata.uid }
  }, patience)
}

/** Waits until nothing of any session is left in the cluster. */
export async function allGone(world: World): Promise<void> {
  await vi.waitFor(async () => expect(await world.kubelet.objects()).toEqual([]), { ...patience, timeout: 150_000 })
}
