import { createHash } from "node:crypto"
import { readdir, readFile } from "node:fs/promises"
import { extname, join, relative, sep } from "node:path"
import { promisify } from "node:util"
import { gzip } from "node:zlib"

const gzipAsync = promisify(gzip)
const COMPRESS_BYTES_MIN = 1_024

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
}
const COMPRESSED_ALREADY = [".png", ".woff2", ".ico"]

/** A file of the UI, in memory with its compressed forms. */
export interface UiFile {
  readonly type: string
  readonly etag: string
  /** Its name changes with its content. */
  readonly immutable: boolean
  readonly forms: { readonly identity: Buffer; readonly gzip?: Buffer; readonly br?: Buffer }
}

/**
 * Every file below `directory` by its path ("assets/index-1a2b.js"), read once: a request is a look-up in this map and
 * never a path on disk. `prefix` is written into the index, which everything else is relative to.
 */
export async function loadUi(directory: string, prefix: string): Promise<ReadonlyMap<string, UiFile>> {
  const files = new Map<string, UiFile>()
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    // A control plane without a UI is an API; that is how it runs in development and in tests.
    if ((error as { code?: unknown }).code === "ENOENT") return []
    throw error
  })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const present = new Set(paths)
  for (const path of paths) {
    const extension = extname(path)
    if (extension === ".br" || extension === ".gz") continue
    const name = relative(directory, path).split(sep).join("/")
    const content = await readFile(path)
    const identity = name === "index.html" ? withBase(content, prefix) : content
    const own = identity === content
    files.set(name, {
      type: TYPES[extension] ?? "application/octet-stream",
      etag: `"${createHash("sha256").update(identity).digest("base64url").slice(0, 22)}"`,
      immutable: /^assets\/.+-[\w-]{8,}\.\w+$/.test(name),
      forms: {
        identity,
        ...(own && present.has(`${path}.br`) ? { br: await readFile(`${path}.br`) } : {}),
        ...(await gzipOf(identity, extension, own && present.has(`${path}.gz`) ? `${path}.gz` : null)),
      },
    })
  }
  return files
}

async function gzipOf(content: Buffer, extension: string, ready: string | null): Promise<{ gzip?: Buffer }> {
  if (ready !== null) return { gzip: await readFile(ready) }
  if (content.length < COMPRESS_BYTES_MIN || COMPRESSED_ALREADY.includes(extension)) return {}
  return { gzip: await gzipAsync(content, { level: 9 }) }
}

function withBase(content: Buffer, prefix: string): Buffer {
  const href = prefix.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;")
  const html = content.toString("utf8")
  const base = `<base href="${href}" />`
  const known = /<base href="[^"]*"\s*\/?>/
  return Buffer.from(known.test(html) ? html.replace(known, () => base) : html.replace("<head>", () => `<head>${base}`))
}
