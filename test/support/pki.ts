import { execFile } from "node:child_process"
import { generateKeyPairSync } from "node:crypto"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"

const run = promisify(execFile)

interface KeyPair {
  readonly certFile: string
  readonly keyFile: string
}

/** Files of the public-key infrastructure that one throw-away API server needs. */
export interface Pki {
  readonly authority: KeyPair
  readonly server: KeyPair
  /** A member of `system:masters`. */
  readonly admin: KeyPair
  /** Signs service account tokens. */
  readonly accounts: { readonly publicFile: string; readonly privateFile: string }
}

/** Makes all keys and certificates, valid for a day, in `directory`. Needs `openssl`. */
export async function createPki(directory: string): Promise<Pki> {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const authority = await issue(directory, "ca", "/CN=test-ca", ["keyUsage=critical,keyCertSign,cRLSign"])
  const server = await issue(
    directory,
    "server",
    "/CN=kube-apiserver",
    ["subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc", "extendedKeyUsage=serverAuth"],
    authority,
  )
  const admin = await issue(
    directory,
    "admin",
    "/O=system:masters/CN=test-admin",
    ["extendedKeyUsage=clientAuth"],
    authority,
  )
  return { authority, server, admin, accounts: createTokenKeys(directory) }
}

/** A throw-away authority and a certificate of it for one server with these DNS names. */
export async function createServerPki(
  directory: string,
  names: readonly string[],
): Promise<Pick<Pki, "authority" | "server">> {
  const authority = await issue(directory, "ca", "/CN=test-ca", ["keyUsage=critical,keyCertSign,cRLSign"])
  const alternatives = `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}`
  const extensions = [alternatives, "extendedKeyUsage=serverAuth"]
  return { authority, server: await issue(directory, "server", "/CN=test-server", extensions, authority) }
}

/** @param authority who signs; without one the certificate signs itself */
async function issue(
  directory: string,
  name: string,
  subject: string,
  extensions: string[],
  authority?: KeyPair,
): Promise<KeyPair> {
  const pair = { certFile: join(directory, `${name}.crt`), keyFile: join(directory, `${name}.key`) }
  const signer = authority ? ["-CA", authority.certFile, "-CAkey", authority.keyFile] : []
  const leaf = authority ? ["basicConstraints=critical,CA:FALSE"] : []
  await run("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "1"],
    ...["-subj", subject, "-out", pair.certFile, "-keyout", pair.keyFile, ...signer],
    ...[...leaf, ...extensions].flatMap((extension) => ["-addext", extension]),
  ])
  return pair
}

function createTokenKeys(directory: string) {
  const pair = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  })
  const files = { publicFile: join(directory, "sa.pub"), privateFile: join(directory, "sa.key") }
  writeFileSync(files.publicFile, pair.publicKey)
  writeFileSync(files.privateFile, pair.privateKey, { mode: 0o600 })
  return files
}

/** A file as Base64, as kubeconfig files hold it. */
export function base64Of(file: string): string {
  return readFileSync(file).toString("base64")
}
