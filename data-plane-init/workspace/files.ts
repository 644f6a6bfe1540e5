import { constants, type Stats } from "node:fs"
import { chmod, lstat, mkdir, open, rename, rm, unlink } from "node:fs/promises"

/**
 * Writes a file as a whole: a reader sees the old text or the new one, never half. A symbolic link or a directory in
 * its place is replaced, not followed, because the workspace holds what strangers wrote.
 */
export async function writeWhole(path: string, text: string, mode = 0o644): Promise<void> {
  const temporary = `${path}.new-${process.pid}`
  await rm(temporary, { force: true, recursive: true })
  const file = await open(
    temporary,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    mode,
  )
  try {
    await file.writeFile(text)
  } finally {
    await file.close()
  }
  if ((await lstatOrNull(path))?.isDirectory()) await rm(path, { force: true, recursive: true })
  await rename(temporary, path)
}

/** A real directory at `path` that can be written to: a link or a file in its place is removed. */
export async function ensureDirectory(path: string): Promise<void> {
  const found = await lstatOrNull(path)
  if (found?.isDirectory()) return await allowOwner(path, found)
  if (found !== null) await unlink(path)
  await mkdir(path, { recursive: true })
}

/** Gives us back what an agent has taken from everybody (`chmod -R a-w .`). `found` is no link. */
export async function allowOwner(path: string, found: Stats): Promise<void> {
  const wanted = found.isDirectory() ? 0o700 : 0o600
  if ((found.mode & wanted) === wanted) return
  // Of somebody else's: what needs it will say so.
  await chmod(path, (found.mode & 0o777) | wanted).catch(() => {})
}

/** What is at `path` itself, links not followed; null when nothing is. */
export async function lstatOrNull(path: string) {
  try {
    return await lstat(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null
    throw error
  }
}
