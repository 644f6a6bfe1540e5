import { createHash } from "node:crypto"
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs"
import { join } from "node:path"

/** SHA-256 of a text, in hex. */
export function hashText(text: string): string {
  return createHash("sha256").update(text).digest("hex")
}

/** Files below `path` (or the file itself), relative to `root`, tests left out. Symbolic links are not followed. */
function listFiles(root: string, path: string): string[] {
  const entry = lstatSync(join(root, path))
  if (!entry.isDirectory()) return path.endsWith(".test.ts") ? [] : [path]
  return readdirSync(join(root, path))
    .sort()
    .flatMap((name) => listFiles(root, `${path}/${name}`))
}

/** SHA-256 over names, executable bits and contents of files and folders below `root`. Times, owners and tests do not count. */
export function hashFiles(root: string, paths: string[], extra = ""): string {
  const hash = createHash("sha256").update(extra)
  for (const file of paths.flatMap((path) => listFiles(root, path)).sort()) {
    const full = join(root, file)
    const entry = lstatSync(full)
    const executable = (entry.mode & 0o100) !== 0
    hash.update(`\0${file}\0${executable ? "x" : "-"}\0`)
    hash.update(
      entry.isSymbolicLink() ? `-> ${readlinkSync(full)}` : createHash("sha256").update(readFileSync(full)).digest(),
    )
  }
  return hash.digest("hex")
}
