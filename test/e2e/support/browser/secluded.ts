import { createServer } from "node:net"
import { join } from "node:path"
import type { Browser } from "playwright-core"
import { openBrowser } from "../../../support/chromium.ts"
import { removeScratch, scratchDirectory } from "../../../support/scratch.ts"
import type { Cleanup } from "../cleanup.ts"
import { passOn } from "../host-services.ts"
import type { Passage } from "./enter.ts"

/**
 * Starts Chromium in a network namespace of its own, which needs root. Every pod that starts or ends on a node that is
 * this machine brings or takes an interface, and Chromium fails the connections that it is making whenever the addresses
 * of its machine change (`ERR_NETWORK_CHANGED`). In a namespace of its own they do not. Certificates are not checked.
 * @param targets by `host:port` as pages name it, the `address:port` that is meant; nothing else can be reached
 */
export async function openSecludedBrowser(
  cleanup: Cleanup,
  targets: Readonly<Record<string, string>>,
): Promise<Browser> {
  const directory = scratchDirectory("browser")
  cleanup.add(() => removeScratch(directory))
  const passages: Passage[] = []
  const rules: string[] = []
  for (const [name, target] of Object.entries(targets)) {
    const address = `127.0.1.${passages.length + 1}`
    const passage = { address, port: hostAndPort(name).port, path: join(directory, `${address}.sock`) }
    const server = createServer(passOn(hostAndPort(target)))
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(passage.path, resolve))
    cleanup.add(() => server.close())
    passages.push(passage)
    rules.push(`MAP ${name} ${address}:${passage.port}`)
  }
  const browser = await openBrowser({
    executablePath: join(import.meta.dirname, "chromium-in-namespace.sh"),
    args: [`--host-resolver-rules=${[...rules, "MAP * ~NOTFOUND"].join(",")}`, "--ignore-certificate-errors"],
    env: { ...process.env, BERTH_NODE: process.execPath, BERTH_PASSAGES: JSON.stringify(passages) },
  })
  cleanup.add(() => browser.close())
  return browser
}

function hostAndPort(target: string): { host: string; port: number } {
  const colon = target.lastIndexOf(":")
  return { host: target.slice(0, colon), port: Number(target.slice(colon + 1)) }
}
