import { useMe } from "../api/account.ts"
import { FormDialog } from "../design/FormDialog.tsx"
import { toast } from "../design/toasts.tsx"
import { PasswordFields } from "./PasswordFields.tsx"
import { useChangePassword } from "./use-change-password.ts"

/** Another password for an account that has one here. */
export function PasswordDialog({ onClose }: { onClose: () => void }) {
  const me = useMe()
  const change = useChangePassword()
  async function submit(values: FormData) {
    await change(values)
    toast("good", "The password is changed")
    onClose()
  }
  return (
    <FormDialog title="Change password" action="Change password" onSubmit={submit} onClose={onClose}>
      <PasswordFields email={me.data?.email ?? ""} />
    </FormDialog>
  )
}
