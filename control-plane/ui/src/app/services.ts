import { createContext, useContext } from "react"
import type { Api } from "../api/client.ts"

const Context = createContext<Api | null>(null)

export const ApiProvider = Context.Provider

/** The way to the server. */
export function useApi(): Api {
  const api = useContext(Context)
  if (!api) throw new Error("ApiProvider is missing")
  return api
}
