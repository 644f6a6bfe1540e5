import { Confirm } from "../../design/Dialog.tsx"
import { Field } from "../../design/Field.tsx"
import { FormDialog } from "../../design/FormDialog.tsx"
import { ShownOnce } from "../../design/ShownOnce.tsx"
import { toast } from "../../design/toasts.tsx"
import { NameDialog } from "../../settings/NameDialog.tsx"
import { useUserActions } from "./queries.ts"
import { RoleChoice } from "./RoleChoice.tsx"
import { roleFrom, type User } from "./user.ts"

/** What an administrator is about to do. */
export type UserAction =
  | { readonly kind: "create" }
  | { readonly kind: "name" | "role" | "password" | "enable" | "disable"; readonly user: User }
  | { readonly kind: "shown"; readonly email: string; readonly password: string }

interface UserDialogsProps {
  readonly action: UserAction
  readonly onAction: (action: UserAction | null) => void
}

/** Asks for what an action needs, and does it. */
export function UserDialogs({ action, onAction }: UserDialogsProps) {
  const actions = useUserActions()
  const close = () => onAction(null)
  if (action.kind === "create") return <NewUser onAction={onAction} />
  if (action.kind === "shown") return <OneTimePassword {...action} onClose={close} />
  const { user } = action
  const name = user.name || user.email
  switch (action.kind) {
    case "name":
      return <Rename user={user} onClose={close} />
    case "role":
      return (
        <FormDialog
          title={`Role of ${name}`}
          action="Change role"
          onClose={close}
          onSubmit={async (values) => {
            await actions.change(user.id, { role: roleFrom(values) })
            toast("good", `${name} has another role from now on`)
            close()
          }}
        >
          <RoleChoice role={user.role} />
          <p className="field-note">Where roles are mapped from groups, the next sign-in sets it again.</p>
        </FormDialog>
      )
    case "password":
      return (
        <FormDialog
          title={`New password for ${name}?`}
          action="Create password"
          onClose={close}
          onSubmit={async () => {
            onAction({ kind: "shown", email: user.email, password: await actions.resetPassword(user.id) })
          }}
        >
          <p className="muted">
            The old one stops working, and every browser signed in as {name} is signed out. API tokens go on. The new
            password is shown to you once, and has to be replaced at the first sign-in.
          </p>
        </FormDialog>
      )
    case "enable":
      return (
        <Confirm
          title={`Enable ${name}?`}
          action="Enable"
          kind="primary"
          onClose={close}
          onConfirm={() => actions.change(user.id, { disabled: false })}
        >
          {name} can sign in again, with the role {user.role}.
        </Confirm>
      )
    case "disable":
      return (
        <Confirm
          title={`Disable ${name}?`}
          action="Disable"
          onClose={close}
          onConfirm={() => actions.change(user.id, { disabled: true })}
        >
          {name} cannot sign in any more. Every browser and API token of theirs is refused at once. Nothing is deleted.
        </Confirm>
      )
  }
}

function Rename({ user, onClose }: { user: User; onClose: () => void }) {
  const actions = useUserActions()
  return (
    <NameDialog
      title={`Name of ${user.email}`}
      name={user.name}
      onName={(name) => actions.change(user.id, { name })}
      onClose={onClose}
    />
  )
}

function NewUser({ onAction }: { onAction: UserDialogsProps["onAction"] }) {
  const actions = useUserActions()
  return (
    <FormDialog
      title="New user"
      action="Create user"
      onClose={() => onAction(null)}
      onSubmit={async (values) => {
        const [email = "", name = ""] = ["email", "name"].map((field) => String(values.get(field)).trim())
        const password = await actions.create({ email, name, role: roleFrom(values) })
        onAction({ kind: "shown", email, password })
      }}
    >
      <p className="muted">
        For people who sign in with a password here. People who sign in through an identity provider get an account at
        their first sign-in.
      </p>
      <Field label="E-mail">
        {(control) => (
          <input {...control} className="input" name="email" type="email" maxLength={320} required autoFocus />
        )}
      </Field>
      <Field label="Name">{(control) => <input {...control} className="input" name="name" maxLength={200} />}</Field>
      <RoleChoice role="member" />
    </FormDialog>
  )
}

function OneTimePassword({ email, password, onClose }: { email: string; password: string; onClose: () => void }) {
  return (
    <ShownOnce
      title="One-time password"
      label="Password"
      value={password}
      note={`For ${email}. It works for 7 days, and has to be replaced at the first sign-in. Hand it over in a safe way.`}
      onClose={onClose}
    />
  )
}
