import { createContext, useContext } from "react"
import type { Streams } from "./streams.ts"

const Context = createContext<Streams | null>(null)

export const StreamsProvider = Context.Provider

/** What is followed on the server, for who is signed in. */
export function useStreams(): Streams {
  const streams = useContext(Context)
  if (!streams) throw new Error("StreamsProvider is missing")
  return streams
}
