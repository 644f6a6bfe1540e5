import { useQueryClient } from "@tanstack/react-query"
import { messageOf } from "../api/client.ts"
import { toast } from "../design/toasts.tsx"
import { navigate } from "./router.tsx"
import { useApi } from "./services.ts"
import { forgetAll } from "./storage.ts"
import { applyTheme } from "./theme.ts"

/** Ends this browser's sign-in and forgets what it kept: drafts are nobody else's to read. */
export function useSignOut(): () => Promise<void> {
  const api = useApi()
  const client = useQueryClient()
  return async () => {
    let redirect: string | null
    try {
      const answer = await api.request<{ redirect: string | null }>("auth/logout", { method: "POST", body: {} })
      redirect = answer.redirect
    } catch (error) {
      toast("bad", messageOf(error))
      return
    }
    forgetAll()
    applyTheme("system")
    client.clear()
    // The identity provider has a sign-in of its own, which it ends at this address.
    if (redirect !== null) window.location.assign(redirect)
    else navigate("sign-in")
  }
}
