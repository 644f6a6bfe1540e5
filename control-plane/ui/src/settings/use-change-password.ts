import { useQueryClient } from "@tanstack/react-query"
import { useApi } from "../app/services.ts"
import { passwordFault } from "./password-form.ts"

/** Sends the fields of a form as the new password. Rejects with what is wrong, in words. */
export function useChangePassword(): (values: FormData) => Promise<void> {
  const api = useApi()
  const client = useQueryClient()
  return async (values) => {
    const [current, next, again] = ["current", "next", "again"].map((name) => String(values.get(name)))
    const typed = { current: current ?? "", next: next ?? "", again: again ?? "" }
    const fault = passwordFault(typed)
    if (fault !== null) throw new Error(fault)
    await api.request("me/password", { method: "POST", body: { current: typed.current, new: typed.next } })
    await client.invalidateQueries({ queryKey: ["logins"] })
  }
}
