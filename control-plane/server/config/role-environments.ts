import type { Faults } from "./faults.ts"
import type { Config } from "./types.ts"

/** `BERTH_ROLE_ENV_…` as a whole; undefined without a directory. What is in the files is not looked at here. */
export function parseRoleEnvironments(
  get: (name: string) => string | undefined,
  faults: Faults,
): Config["roleEnvironments"] {
  const directory = get("BERTH_ROLE_ENV_DIR")
  if (directory === undefined) return undefined
  const loadDefault = get("BERTH_ROLE_ENV_DEFAULT") ?? "true"
  if (loadDefault !== "true" && loadDefault !== "false") faults.add("BERTH_ROLE_ENV_DEFAULT must be true or false")
  const names = (get("BERTH_ROLE_ENV_SELECTABLE") ?? "").split(",").map((name) => name.trim())
  return {
    directory,
    loadDefault: loadDefault === "true",
    selectable: [...new Set(names)].filter((name) => name !== ""),
  }
}
