import { connect, createServer, type Socket } from "node:net"
import { freePort } from "./scratch.ts"

export interface HalfOpenProxy {
  readonly port: number
  /** How many connections it has passed on so far. */
  readonly accepted: number
  /** From now on the connections that are there pass no byte more, and are not closed; new ones work. */
  strand(): void
  close(): Promise<void>
}

/**
 * A way to a server on 127.0.0.1 that loses connections as a network does that drops their packets: neither end is told.
 * Made by hand because no real part can be made to do it without the rights of a network's administrator.
 */
export async function halfOpenProxy(target: number): Promise<HalfOpenProxy> {
  const pairs = new Set<readonly [Socket, Socket]>()
  const sockets = new Set<Socket>()
  let accepted = 0
  const server = createServer((near) => {
    accepted += 1
    const far = connect(target, "127.0.0.1")
    const pair = [near, far] as const
    pairs.add(pair)
    for (const [from, to] of [pair, [far, near] as const]) {
      sockets.add(from)
      from.on("error", () => undefined)
      from.on("close", () => {
        sockets.delete(from)
        if (pairs.delete(pair)) to.destroy()
      })
      from.pipe(to)
    }
  })
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve))
  return {
    port,
    get accepted() {
      return accepted
    },
    strand() {
      for (const pair of pairs) {
        pairs.delete(pair)
        for (const socket of pair) socket.unpipe().pause()
      }
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
