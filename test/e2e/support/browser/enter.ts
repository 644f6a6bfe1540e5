import { execFileSync, spawn } from "node:child_process"
import { createServer } from "node:net"
import { chromiumPath } from "../../../support/chromium.ts"
import { passOn } from "../host-services.ts"

// Runs in the browser's network namespace, where there is only a loopback interface. Unix sockets lead out of it.

/** An address of the namespace, and the Unix socket where its connections leave. */
export interface Passage {
  readonly address: string
  readonly port: number
  readonly path: string
}

execFileSync("ip", ["link", "set", "lo", "up"])
for (const { address, port, path } of JSON.parse(process.env.BERTH_PASSAGES ?? "[]") as Passage[]) {
  const server = createServer(passOn({ path }))
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, address, resolve))
}
// What starts a browser talks to it over the file descriptors 3 and 4.
const browser = spawn(chromiumPath, process.argv.slice(2), { stdio: [0, 1, 2, 3, 4] })
browser.once("error", (error) => {
  console.error(String(error))
  process.exit(127)
})
browser.once("exit", (code, signal) => process.exit(signal === null ? (code ?? 1) : 1))
