import { isAppError } from "../../errors/index.ts"
import type { AgentTarget } from "../types.ts"
import { once } from "./calls.ts"
import { fields } from "./clean.ts"

const CHARACTERS_MAX = 8 * 1024 * 1024
// Against the default branch, so that commits which nobody has pushed are in it; then against the last commit.
const MODES = ["branch", "git"] as const

/** See `Runtime.patch`. */
export async function patch(target: AgentTarget, timeout_ms: number): Promise<{ text: string } | { missing: string }> {
  const signal = AbortSignal.timeout(timeout_ms)
  try {
    for (const mode of MODES) {
      const { status, data } = await once(target, { path: "/vcs/diff", query: { mode }, timeout_ms, signal })
      if (status !== 200 || !Array.isArray(data)) continue
      const text = data.map(patchOf).join("")
      return text.length > CHARACTERS_MAX ? tooLarge() : { text }
    }
    return { missing: "the agent knows no repository in its workspace" }
  } catch (error) {
    const large = isAppError(error) && error.details?.["too_large"] === true
    return large ? tooLarge() : { missing: "the agent did not answer in time" }
  }
}

function tooLarge(): { missing: string } {
  return { missing: `the changes have more than ${CHARACTERS_MAX} characters` }
}

/** A file without a patch of its own (too large for the agent) is named all the same. */
function patchOf(entry: unknown): string {
  const { file, patch: own, status } = fields(entry)
  if (typeof own === "string" && own !== "") return own.endsWith("\n") ? own : `${own}\n`
  const name = String(file).replace(/[\0-\x1f\x7f]/g, "?")
  return `# ${String(status).slice(0, 20)} ${name.slice(0, 500)}: no patch\n`
}
