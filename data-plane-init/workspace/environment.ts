import { RESERVED_VARIABLE, VARIABLE_NAME } from "../../pod-protocol/environment.ts"
import { Failure } from "./failure.ts"

/**
 * The agent's environment as lines that a POSIX shell reads with `.`: values are quoted whole, so that nothing in them
 * is run. The control plane refuses names with an explanation; this is the second look.
 * @throws Failure `workspace_failed` that names a variable which may not be set.
 */
export function environmentFile(environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment)
    .map(([name, value]) => {
      if (!VARIABLE_NAME.test(name) || RESERVED_VARIABLE.test(name) || value.includes("\0")) {
        throw new Failure("workspace_failed", `The session's environment may not set ${JSON.stringify(name)}.`)
      }
      return `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`
    })
    .join("")
}
