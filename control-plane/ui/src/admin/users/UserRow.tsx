import { navigate } from "../../app/router.tsx"
import { Icon } from "../../design/Icon.tsx"
import { Menu, type MenuEntry } from "../../design/Menu.tsx"
import { ago, fullTime } from "../../format/time.ts"
import type { UserAction } from "./UserDialogs.tsx"
import { isLocal, issuerName, type User } from "./user.ts"

interface UserRowProps {
  readonly user: User
  readonly now: number
  /** The one who looks. */
  readonly own: boolean
  readonly onAction: (action: UserAction) => void
}

/** One person: who, which role, where from, when last here. */
export function UserRow({ user, now, own, onAction }: UserRowProps) {
  const name = user.name === "" ? user.email : user.name
  return (
    <li className="admin-row user-row" {...(user.disabled ? { "data-off": "" } : {})}>
      <div className="admin-words">
        <strong>{name}</strong>
        {own && (
          <span className="badge" data-tone="accent">
            you
          </span>
        )}
        {user.disabled && (
          <span className="badge" data-tone="bad">
            Disabled
          </span>
        )}
        <div className="muted truncate">{user.email}</div>
      </div>
      <div className="user-facts">
        <span>{user.role}</span>
        <span className="muted truncate" title={user.issuer}>
          {issuerName(user)}
        </span>
        <span className="muted" title={user.lastSignInAt === null ? undefined : fullTime(user.lastSignInAt)}>
          {user.lastSignInAt === null ? "never signed in" : `signed in ${ago(user.lastSignInAt, now)}`}
        </span>
      </div>
      <Menu label={`Actions for ${name}`} iconOnly entries={entriesFor(user, own, onAction)}>
        <Icon name="more" />
      </Menu>
    </li>
  )
}

function entriesFor(user: User, own: boolean, onAction: (action: UserAction) => void): readonly MenuEntry[] {
  const power: MenuEntry = user.disabled
    ? { label: "Enable…", icon: "play", onSelect: () => onAction({ kind: "enable", user }) }
    : { label: "Disable…", icon: "stop", danger: true, onSelect: () => onAction({ kind: "disable", user }) }
  return [
    ...(isLocal(user)
      ? [{ label: "Change name…", icon: "edit", onSelect: () => onAction({ kind: "name", user }) } as const]
      : []),
    { label: "Change role…", icon: "person", onSelect: () => onAction({ kind: "role", user }) },
    ...(isLocal(user) && !own
      ? [{ label: "New password…", icon: "lock", onSelect: () => onAction({ kind: "password", user }) } as const]
      : []),
    {
      label: "What they did",
      icon: "clock",
      onSelect: () => navigate(`admin/audit?actorId=${encodeURIComponent(user.id)}`),
    },
    ...(own ? [] : (["line", power] as const)),
  ]
}
