import { readFileSync } from "node:fs"
import { connect } from "node:net"
import { type ConnectionOptions, checkServerIdentity } from "node:tls"
import type { DatabaseAddress } from "../config/index.ts"

/** PostgreSQL's SSLRequest: its length and its code. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])

/**
 * What TLS a connection to this address uses, as libpq has it: `require` encrypts and verifies nothing unless there is a
 * root certificate, `verify-ca` verifies who signed the certificate, `verify-full` also the name. Without a root
 * certificate these two know Node's authorities (and NODE_EXTRA_CA_CERTS). `prefer`: encrypted where the server can.
 */
export async function tlsFor(address: DatabaseAddress, connect_ms: number): Promise<ConnectionOptions | false> {
  const { sslmode = "disable", sslrootcert, sslcert, sslkey, host = "", port = 5432 } = address
  if (sslmode === "disable" || host.startsWith("/")) return false
  if ((sslmode === "prefer" || sslmode === "allow") && !(await offersTls(host, port, connect_ms))) return false
  const own = {
    ...(sslcert === undefined ? {} : { cert: readFileSync(sslcert, "utf8") }),
    ...(sslkey === undefined ? {} : { key: readFileSync(sslkey, "utf8") }),
  }
  const isSystem = sslrootcert === "system"
  const ca = sslrootcert === undefined || isSystem ? {} : { ca: readFileSync(sslrootcert, "utf8") }
  if (isSystem || sslmode === "verify-full") {
    return { ...own, ...ca, checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate) }
  }
  if (sslmode === "verify-ca" || (sslmode === "require" && sslrootcert !== undefined)) {
    return { ...own, ...ca, checkServerIdentity: () => undefined }
  }
  return { ...own, rejectUnauthorized: false }
}

/** Asks the server on a connection of its own. A server that does not answer is left to the real connection to tell of. */
function offersTls(host: string, port: number, limit_ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: limit_ms })
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once("connect", () => socket.write(SSL_REQUEST))
    socket.once("data", (answer) => end(answer[0] === 0x53))
    socket.once("timeout", () => end(false))
    socket.once("error", () => end(false))
    socket.once("close", () => end(false))
  })
}
