import { useState } from "react"
import type { Me } from "../api/account.ts"
import { Icon } from "../design/Icon.tsx"
import { Menu } from "../design/Menu.tsx"
import { navigate } from "./router.tsx"
import { useSignOut } from "./sign-out.ts"
import { keepTheme, THEMES, type Theme, themeKept } from "./theme.ts"

const THEME_NAMES: Readonly<Record<Theme, string>> = { system: "As the system", light: "Light", dark: "Dark" }

/** Who is signed in, and what belongs to that person. */
export function UserMenu({ me, onHelp }: { me: Me; onHelp: () => void }) {
  const [theme, setTheme] = useState(themeKept)
  const signOut = useSignOut()
  const name = me.name === "" ? me.email : me.name
  return (
    <Menu
      label={`Account of ${name}`}
      align="start"
      side="up"
      className="nav-item user-button"
      entries={[
        { label: "Settings", icon: "gear", onSelect: () => navigate("settings") },
        { label: "Keyboard", icon: "help", keys: "?", onSelect: onHelp },
        "line",
        ...THEMES.map((choice) => ({
          label: THEME_NAMES[choice],
          checked: choice === theme,
          onSelect: () => {
            keepTheme(choice)
            setTheme(choice)
          },
        })),
        ...(me.method === "header"
          ? []
          : (["line", { label: "Sign out", icon: "out", onSelect: () => void signOut() }] as const)),
      ]}
    >
      <span className="avatar" aria-hidden="true">
        {name.slice(0, 1).toUpperCase()}
      </span>
      <span className="truncate">{name}</span>
      <Icon name="more" />
    </Menu>
  )
}
