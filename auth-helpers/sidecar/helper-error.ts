import { open } from "node:fs/promises"
import { join } from "node:path"

const FIRST_LINE_BYTES_MAX = 256

/** Why a helper gave no token, in words that name it. They reach the agent, so none of the helper's own are in them. */
export class HelperError extends Error {
  constructor(program: string, why: string) {
    super(`the auth helper ${program} ${why}`)
    this.name = "HelperError"
  }
}

/** Why a program did not start. The kernel's ENOENT means the program or what its first line names. */
export async function whyNotStarted(directory: string, program: string, code: string | undefined): Promise<string> {
  if (code === "EACCES") return "cannot be run: it is not executable (its volume needs defaultMode 0755)"
  if (code !== "ENOENT") return `cannot be run: ${code}`
  const line = await firstLineOf(join(directory, program))
  if (line === null) return `is not in ${directory}`
  if (line.endsWith("\r"))
    return "cannot be run: its first line ends with a carriage return; save it with Unix line ends"
  const [interpreter] = line.replace(/^#!\s*/, "").split(" ")
  return `cannot be run: the interpreter ${interpreter} is not in the sidecar's image (authHelpers.image)`
}

/** Why a program that ended gave no token. */
export function whyFailed(code: number | null, signal: string | null, spoke: boolean): string {
  if (code === null) return `was ended by ${signal}`
  const program = code === 127 ? ": it calls a program that is not in the sidecar's image (authHelpers.image)" : ""
  const words = spoke ? "; what it said is in the log of the session's container auth" : ""
  return `failed with status ${code}${program}${words}`
}

/** Null: no such file, or none that names its interpreter. */
async function firstLineOf(path: string): Promise<string | null> {
  try {
    const file = await open(path)
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(FIRST_LINE_BYTES_MAX), 0, FIRST_LINE_BYTES_MAX, 0)
      const [line = ""] = buffer.toString("latin1", 0, bytesRead).split("\n")
      return line.startsWith("#!") ? line : null
    } finally {
      await file.close()
    }
  } catch {
    return null
  }
}
