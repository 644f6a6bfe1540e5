import type { SessionView } from "../api/types.ts"
import type { IconName } from "../design/Icon.tsx"
import { repositoryName } from "../format/repository.ts"
import { navigate } from "./router.tsx"
import { pathOf } from "./routes.ts"
import { keepTheme } from "./theme.ts"

export interface Command {
  readonly key: string
  readonly label: string
  readonly note?: string
  readonly icon?: IconName
  readonly session?: SessionView
  readonly run: () => void
}

export interface CommandActions {
  readonly signOut: () => void
  /** Whether the pages of the administration are there. */
  readonly administers: boolean
}

const SHOWN_MAX = 30

/** What the palette offers for some words: without words pages and the latest sessions. */
export function commandsFor(
  words: string,
  sessions: readonly SessionView[],
  actions: CommandActions,
): readonly Command[] {
  const wanted = words.toLowerCase().split(/\s+/)
  const fits = (text: string) => wanted.every((word) => text.toLowerCase().includes(word))
  const unique = [...new Map(sessions.map((session) => [session.id, session])).values()]
  const found = unique
    .map(sessionCommand)
    .filter((command) => fits(`${command.label} ${command.note}`))
    .slice(0, SHOWN_MAX)
  const pages = pageCommands(actions).filter((command) => fits(command.label))
  return words === "" ? [...pages.slice(0, 3), ...found, ...pages.slice(3)] : [...found, ...pages]
}

function sessionCommand(session: SessionView): Command {
  return {
    key: session.id,
    label: session.title,
    note: session.repository ? repositoryName(session.repository.url) : session.owner.name,
    session,
    run: () => navigate(pathOf({ name: "session", id: session.id })),
  }
}

function pageCommands(actions: CommandActions): readonly Command[] {
  return [
    { key: "new", label: "New session", icon: "plus", run: () => navigate("new") },
    { key: "list", label: "All sessions", icon: "list", run: () => navigate("") },
    { key: "waiting", label: "My running sessions", icon: "play", run: () => navigate("?status=running&owner=me") },
    { key: "settings", label: "Settings", icon: "gear", run: () => navigate("settings") },
    ...(actions.administers ? ADMIN_COMMANDS : []),
    { key: "light", label: "Theme: light", icon: "circle", run: () => keepTheme("light") },
    { key: "dark", label: "Theme: dark", icon: "circle", run: () => keepTheme("dark") },
    { key: "system", label: "Theme: as the system", icon: "circle", run: () => keepTheme("system") },
    { key: "sign-out", label: "Sign out", icon: "out", run: actions.signOut },
  ]
}

const ADMIN_COMMANDS: readonly Command[] = [
  { key: "users", label: "Administration: users", icon: "person", run: () => navigate("admin/users") },
  {
    key: "providers",
    label: "Administration: model providers",
    icon: "wrench",
    run: () => navigate("admin/providers"),
  },
  { key: "audit", label: "Administration: audit log", icon: "clock", run: () => navigate("admin/audit") },
]
