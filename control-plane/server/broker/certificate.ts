import { readFile } from "node:fs/promises"
import type { Server } from "node:https"
import { join } from "node:path"
import type { Logger } from "../observability/index.ts"

const LOOK_EVERY_MS = 10_000

/** What the broker shows to pods: `tls.crt` and `tls.key` of its directory. */
export interface Certificate {
  readonly cert: Buffer
  readonly key: Buffer
}

/** @throws Error when a file is missing. */
export async function readCertificate(directory: string): Promise<Certificate> {
  const [cert, key] = await Promise.all([readFile(join(directory, "tls.crt")), readFile(join(directory, "tls.key"))])
  return { cert, key }
}

/**
 * Puts a renewed certificate into a running server: new connections get it, open ones stay. Files are compared by
 * content, because a mounted Secret changes by swapping a symbolic link. Returns what ends the watching.
 */
export function followCertificate(options: {
  directory: string
  first: Certificate
  server: Pick<Server, "setSecureContext">
  log: Logger
}): { look: () => Promise<void>; stop: () => void } {
  let shown = options.first
  async function look(): Promise<void> {
    try {
      const next = await readCertificate(options.directory)
      if (next.cert.equals(shown.cert) && next.key.equals(shown.key)) return
      options.server.setSecureContext({ ...next, minVersion: "TLSv1.2" })
      shown = next
      options.log.info("the broker's certificate was replaced")
    } catch (error) {
      // Half a swap, or a certificate without its key: the old one stays until both are right.
      options.log.warn({ err: error }, "the broker's new certificate cannot be used yet")
    }
  }
  const timer = setInterval(look, LOOK_EVERY_MS)
  timer.unref()
  return { look, stop: () => clearInterval(timer) }
}
