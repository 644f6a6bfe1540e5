import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"

const run = promisify(execFile)

/**
 * Writes `tls.crt` and `tls.key` for an IP address into a folder, signed by itself and valid for 30 days. Needs `openssl`.
 * @returns the certificate, which is its own authority, as PEM
 */
export async function makeCertificate(directory: string, address: string): Promise<string> {
  const [cert, key] = [join(directory, "tls.crt"), join(directory, "tls.key")]
  await run("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"],
    ...["-keyout", key, "-out", cert, "-subj", "/CN=berth-dev", "-addext", `subjectAltName=IP:${address}`],
  ])
  return readFileSync(cert, "utf8")
}
