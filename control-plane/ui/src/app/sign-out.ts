import { useQueryClient } from "@tanstack/react-query"
import { messageOf } from "../api/client.ts"
import { toast } from "../design/toasts.tsx"
import { BASE, navigate } from "./router.tsx"
import { useApi } from "./services.ts"
import { forgetAll } from "./storage.ts"
import { applyTheme } from "./theme.ts"

/** Ends this browser's sign-in and forgets what it kept: drafts are nobody else's to read. */
export function useSignOut(): () => Promise<void> {
  const api = useApi()
  const client = useQueryClient()
  return async () => {
    try {
      await api.request("auth/logout", { method: "POST", body: {} })
    } catch (error) {
      toast("bad", messageOf(error))
      return
    }
    forgetAll()
    applyTheme("system")
    client.clear()
    navigate(new URL("sign-in", BASE).href)
  }
}
