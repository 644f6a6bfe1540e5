import { type ReactNode, useEffect, useState } from "react"
import { ADMINISTRATOR, useMe } from "../api/account.ts"
import { IconButton } from "../design/Button.tsx"
import { Icon } from "../design/Icon.tsx"
import { Toasts } from "../design/toasts.tsx"
import { useLiveSessions } from "../sessions/live.ts"
import { CommandPalette } from "./CommandPalette.tsx"
import { Link, navigate, useRoute } from "./router.tsx"
import { ShortcutHelp } from "./ShortcutHelp.tsx"
import { Sidebar } from "./Sidebar.tsx"
import { type Keys, useShortcuts } from "./shortcuts.ts"
import "./shell.css"

/** What surrounds every page of a signed-in user: navigation, command palette, messages. */
export function Shell({ children }: { children: ReactNode }) {
  const route = useRoute()
  const [open, setOpen] = useState<"palette" | "help" | null>(null)
  const [drawer, setDrawer] = useState(false)
  useLiveSessions()
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of page is what closes it
  useEffect(() => setDrawer(false), [route.name, "id" in route ? route.id : ""])
  useShortcuts(shellKeys(setOpen, useMe().data?.role === ADMINISTRATOR))
  return (
    <div className="shell" {...(drawer ? { "data-drawer": "" } : {})}>
      <button type="button" className="skip-link" onClick={() => document.getElementById("main")?.focus()}>
        Skip to content
      </button>
      <header className="topbar">
        <IconButton icon="menu" label="Navigation" aria-expanded={drawer} onClick={() => setDrawer(!drawer)} />
        <Link to={{ name: "list" }} className="brand">
          Berth
        </Link>
        <Link to={{ name: "new" }} className="button" data-kind="quiet" data-icon-only="" aria-label="New session">
          <Icon name="plus" />
        </Link>
      </header>
      {drawer && (
        <button type="button" className="drawer-veil" aria-label="Close navigation" onClick={() => setDrawer(false)} />
      )}
      <Sidebar onSearch={() => setOpen("palette")} onHelp={() => setOpen("help")} />
      <main id="main" className="main" tabIndex={-1}>
        {children}
      </main>
      {open === "palette" && <CommandPalette onClose={() => setOpen(null)} />}
      {open === "help" && <ShortcutHelp onClose={() => setOpen(null)} />}
      <Toasts />
    </div>
  )
}

function shellKeys(setOpen: (open: "palette" | "help" | null) => void, administers: boolean): Keys {
  return {
    "mod+k": () => setOpen("palette"),
    "?": () => setOpen("help"),
    n: () => navigate("new"),
    "g s": () => navigate(""),
    "g t": () => navigate("settings"),
    ...(administers ? { "g a": () => navigate("admin/users") } : {}),
  }
}
