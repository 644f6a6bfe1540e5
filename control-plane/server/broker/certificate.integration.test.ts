import { copyFileSync, mkdirSync, writeFileSync } from "node:fs"
import { createServer } from "node:https"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { connect } from "node:tls"
import { afterAll, expect, it } from "vitest"
import { createPki } from "../../../test/support/pki.ts"
import { removeScratch, scratchDirectory } from "../../../test/support/scratch.ts"
import { createLogger } from "../observability/index.ts"
import { followCertificate, readCertificate } from "./certificate.ts"

const directory = scratchDirectory("certificate")
afterAll(() => removeScratch(directory))

async function install(name: string): Promise<void> {
  const { server } = await createPki(join(directory, name))
  copyFileSync(server.certFile, join(directory, "tls", "tls.crt"))
  copyFileSync(server.keyFile, join(directory, "tls", "tls.key"))
}

it("a renewed certificate is shown to new connections; half of one is not", async () => {
  const tls = join(directory, "tls")
  mkdirSync(tls)
  await install("first")
  const first = await readCertificate(tls)
  const server = createServer(first)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  afterAll(() => server.close())
  const { port } = server.address() as AddressInfo
  const log = createLogger({ level: "silent", replica: "test" })
  const follower = followCertificate({ directory: tls, first, server, log })
  afterAll(follower.stop)
  const shown = () =>
    new Promise<string>((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate().fingerprint256)
        socket.destroy()
      })
      socket.once("error", reject)
    })

  const before = await shown()
  writeFileSync(join(tls, "tls.crt"), "not a certificate")
  await follower.look()
  expect(await shown()).toBe(before)
  await install("second")
  await follower.look()
  expect(await shown()).not.toBe(before)
})
