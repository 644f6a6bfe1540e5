import { Failure } from "./failure.ts"

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
// What decides which programs run and where the agent keeps its state is not the user's to set. The API refuses these
// names with an explanation; this is the second look.
const RESERVED =
  /^(PATH|HOME|SHELL|USER|LOGNAME|PWD|OLDPWD|IFS|ENV|BASH_ENV|LD_.*|XDG_.*|BERTH_.*|OPENCODE_.*|GIT_CONFIG.*)$/

/**
 * The agent's environment as lines that a POSIX shell reads with `.`: values are quoted whole, so that nothing in them
 * is run.
 * @throws Failure `workspace_failed` that names a variable which may not be set.
 */
export function environmentFile(environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment)
    .map(([name, value]) => {
      if (!NAME.test(name) || RESERVED.test(name) || value.includes("\0")) {
        throw new Failure("workspace_failed", `The session's environment may not set ${JSON.stringify(name)}.`)
      }
      return `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`
    })
    .join("")
}
