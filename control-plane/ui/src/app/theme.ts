import { keep, recall } from "./storage.ts"

export const THEMES = ["system", "light", "dark"] as const
export type Theme = (typeof THEMES)[number]

/** The choice of this browser. */
export function themeKept(): Theme {
  return THEMES.find((theme) => theme === recall<string>("theme")) ?? "system"
}

/** Applies a choice and remembers it. */
export function keepTheme(theme: Theme): void {
  keep("theme", theme === "system" ? null : theme)
  applyTheme(theme)
}

/** `system` leaves it to the browser. */
export function applyTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
}
