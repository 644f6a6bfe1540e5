import type { SessionView } from "../api/types.ts"

/** The line that the agent's container wrote when it started, word for word. */
export function helperLine({ settingsPresent, names }: NonNullable<SessionView["helpers"]>): string {
  const list = names.length === 0 ? "none" : names.join(",")
  return `berth: user-settings.json present=${settingsPresent}; auth-helpers=[${list}]`
}
