import type { AgentTarget, Patch } from "../types.ts"
import { once } from "./calls.ts"
import { fields } from "./clean.ts"
import { isTooLarge } from "./http.ts"
import { LIMITS } from "./limits.ts"

const CHARACTERS_MAX = 8 * 1024 * 1024

/** See `Runtime.patch`. */
export async function patch(target: AgentTarget, timeout_ms: number): Promise<Patch> {
  const signal = AbortSignal.timeout(timeout_ms)
  const ask = async (path: string, query: Record<string, string> = {}) => {
    const { status, data } = await once(target, { path, query, timeout_ms, signal, bytes_max: LIMITS.json_bytes_max })
    return status === 200 ? data : null
  }
  try {
    const { branch, default_branch } = fields(await ask("/vcs"))
    // On the default branch itself the agent compares with nothing but the last commit.
    const ofBranch = typeof branch === "string" && typeof default_branch === "string" && branch !== default_branch
    const changes = await ask("/vcs/diff", { mode: ofBranch ? "branch" : "git" })
    if (!Array.isArray(changes)) return { missing: "the agent knows no repository in its workspace" }
    const text = changes.map(patchOf).join("")
    if (text.length > CHARACTERS_MAX) return tooLarge()
    // git passes over what stands before the first file.
    const against = ofBranch ? "the default branch" : "the last commit"
    return { text: text === "" ? "" : `# The workspace against ${against}.\n${text}` }
  } catch (error) {
    return isTooLarge(error) ? tooLarge() : { missing: "the agent did not answer in time" }
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
