/** Variables that people may set in a session, the same for the API, the operator's files, profiles and the pod. */

export const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/

/** Which programs run, what shells and loaders obey, and where the agent keeps its state. */
export const RESERVED_VARIABLE =
  /^(PATH|HOME|SHELL|USER|LOGNAME|PWD|OLDPWD|IFS|ENV|BASH_ENV|NODE_OPTIONS|LD_.*|XDG_.*|BERTH_.*|OPENCODE_.*|GIT_CONFIG.*)$/i

// Other than tab, which no shell treats as more than a blank.
const CONTROL_CHARACTERS = /[\x00-\x08\x0a-\x1f\x7f]/

/** What is wrong with a variable, to be read behind its name, never with its value; null when nothing is. */
export function variableFault(name: string, value: string): string | null {
  if (!VARIABLE_NAME.test(name)) return "is not a name of an environment variable"
  if (RESERVED_VARIABLE.test(name)) return "decides how the agent's programs run and cannot be set"
  return CONTROL_CHARACTERS.test(value) ? "has a control character in its value" : null
}
