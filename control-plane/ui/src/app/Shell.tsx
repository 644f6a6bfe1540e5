import { type ReactNode, useEffect, useRef, useState } from "react"
import { ADMINISTRATOR, useMe } from "../api/account.ts"
import { IconButton } from "../design/Button.tsx"
import { Icon } from "../design/Icon.tsx"
import { Toasts } from "../design/toasts.tsx"
import { useLiveSessions } from "../sessions/live.ts"
import { CommandPalette } from "./CommandPalette.tsx"
import { ConnectionBanner } from "./ConnectionBanner.tsx"
import { Link, navigate, useRoute } from "./router.tsx"
import { pathOf } from "./routes.ts"
import { ShortcutHelp } from "./ShortcutHelp.tsx"
import { Sidebar } from "./Sidebar.tsx"
import { type Keys, useShortcuts } from "./shortcuts.ts"
import "./shell.css"

/** What surrounds every page of a signed-in user: navigation, command palette, messages. */
export function Shell({ children }: { children: ReactNode }) {
  const route = useRoute()
  const [open, setOpen] = useState<"palette" | "help" | null>(null)
  const [drawer, setDrawer] = useDrawer()
  const { link, nudge } = useLiveSessions()
  useFocusOnPage(pathOf(route), () => setDrawer(false))
  useShortcuts(shellKeys(setOpen, useMe().data?.role === ADMINISTRATOR))
  return (
    <div className="shell" {...(drawer ? { "data-drawer": "" } : {})}>
      <button type="button" className="skip-link" onClick={() => document.getElementById("main")?.focus()}>
        Skip to content
      </button>
      <header className="topbar">
        <IconButton
          icon="menu"
          id="navigation"
          label="Navigation"
          aria-expanded={drawer}
          onClick={() => setDrawer(!drawer)}
        />
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
        {route.name !== "session" && <ConnectionBanner link={link} onRetry={nudge} />}
        {children}
      </main>
      {open === "palette" && <CommandPalette onClose={() => setOpen(null)} />}
      {open === "help" && <ShortcutHelp onClose={() => setOpen(null)} />}
      <Toasts />
    </div>
  )
}

/** The navigation of a small page: takes the focus when it opens; Escape closes it and gives the focus back. */
function useDrawer(): [boolean, (open: boolean) => void] {
  const [open, setOpen] = useState(false)
  useEffect(() => {
    if (!open) return
    document.querySelector<HTMLElement>(".sidebar a")?.focus()
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || document.querySelector("dialog[open]")) return
      setOpen(false)
      document.getElementById("navigation")?.focus()
    }
    document.addEventListener("keydown", onKey)
    return () => document.removeEventListener("keydown", onKey)
  }, [open])
  return [open, setOpen]
}

/** With a change of page, what had the focus may be gone: it goes to the beginning of the new one. */
function useFocusOnPage(page: string, onChange: () => void): void {
  const before = useRef(page)
  useEffect(() => {
    if (before.current === page) return
    before.current = page
    onChange()
    const hidden = document.activeElement?.closest(".shell[data-drawer] .sidebar")
    if (document.activeElement === document.body || hidden) document.getElementById("main")?.focus()
  })
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
