import { copyFileSync, readFileSync, writeFileSync } from "node:fs"
import { createServer, get } from "node:https"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { createPki, type Pki } from "../../test/support/pki.ts"
import { removeScratch, scratchDirectory } from "../../test/support/scratch.ts"
import { type BrokerLink, createBrokerLink } from "./broker-link.ts"
import { createSessionSource } from "./session.ts"

const directory = scratchDirectory("broker-link")
afterAll(() => removeScratch(directory))
const caFile = join(directory, "ca.crt")
const tokenFile = join(directory, "token")

let before: Pki
let after: Pki
beforeAll(async () => {
  before = await createPki(join(directory, "before"))
  after = await createPki(join(directory, "after"))
})

/** A broker that answers with the token that it was shown. */
async function brokerOf({ server: { certFile, keyFile } }: Pki): Promise<URL> {
  const server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (request, response) => {
    response.end(request.headers.authorization)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  return new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`)
}

async function ask(link: BrokerLink, broker: URL): Promise<string> {
  const { agent, authorization } = await link.connection()
  return await new Promise((resolve, reject) => {
    const options = { agent, headers: { authorization } }
    get(broker, options, (response) => void response.setEncoding("utf8").once("data", resolve)).once("error", reject)
  })
}

it("a replaced authority and a replaced token count with the next request, without a restart", async () => {
  copyFileSync(before.authority.certFile, caFile)
  writeFileSync(tokenFile, "first\n")
  const [old, renewed] = [await brokerOf(before), await brokerOf(after)]
  const link = await createBrokerLink({ brokerUrl: old, caFile, tokenFile })
  expect(await ask(link, old)).toBe("Bearer first")
  await expect(ask(link, renewed)).rejects.toMatchObject({ code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" })

  writeFileSync(tokenFile, "second\n")
  writeFileSync(caFile, "half of a certifi")
  expect(await ask(link, old)).toBe("Bearer second")

  // As the secrets Job writes it: the new authority before the one that it takes over from.
  writeFileSync(
    caFile,
    readFileSync(after.authority.certFile, "utf8") + readFileSync(before.authority.certFile, "utf8"),
  )
  expect(await ask(link, renewed)).toBe("Bearer second")
  expect(await ask(link, old)).toBe("Bearer second")
})

it("connections are kept while the authority stays the same", async () => {
  copyFileSync(before.authority.certFile, caFile)
  const link = await createBrokerLink({ brokerUrl: await brokerOf(before), caFile, tokenFile })
  const { agent } = await link.connection()
  expect((await link.connection()).agent).toBe(agent)
})

it("an answer that is not the broker's is an error of the request, not the end of the sidecar", async () => {
  copyFileSync(before.authority.certFile, caFile)
  const broker = await createBrokerLink({ brokerUrl: await brokerOf(before), caFile, tokenFile })
  const source = createSessionSource({ broker, now: () => 0 })
  await expect(source.resolvers()).rejects.toThrow("the broker's answer cannot be read")
})
