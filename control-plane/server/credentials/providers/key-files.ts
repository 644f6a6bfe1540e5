import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { Secret } from "../../crypto/index.ts"

const CONTROL_CHARACTERS = /[\0-\x1f\x7f]/

/**
 * A provider's key from its file in a mounted Secret, read anew for each request: the kubelet swaps the file when the
 * Secret changes, and the next request already carries the new key. Null when there is no file or it is empty.
 */
export async function readKeyFile(directory: string | undefined, name: string): Promise<Secret | null> {
  if (directory === undefined) return null
  try {
    const text = (await readFile(join(directory, name), "utf8")).trim()
    // A JSON credential may be written on several lines.
    const key = text.startsWith("{") ? text.replace(/\s+/g, " ") : text
    return key === "" || CONTROL_CHARACTERS.test(key) ? null : new Secret(key)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null
    throw error
  }
}
