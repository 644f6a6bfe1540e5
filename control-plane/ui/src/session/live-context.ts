import { createContext, useContext, useSyncExternalStore } from "react"
import type { LiveSession, LiveSnapshot } from "../transcript/live.ts"

const Context = createContext<LiveSession | null>(null)

export const LiveProvider = Context.Provider

/** The session of the page. */
export function useLiveSession(): LiveSession {
  const live = useContext(Context)
  if (!live) throw new Error("LiveProvider is missing")
  return live
}

/** The session of the page as it is now; renders again with every change. */
export function usePageLive(): LiveSnapshot {
  const live = useLiveSession()
  return useSyncExternalStore(live.subscribe, live.snapshot)
}
