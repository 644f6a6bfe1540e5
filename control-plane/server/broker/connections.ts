import type { Socket } from "node:net"
import { plainAddress } from "../addresses/index.ts"
import type { Logger } from "../observability/index.ts"
import { type Clock, createThrottle } from "../time/index.ts"

/**
 * Takes up to `connections_max` connections of one address, and closes what is beyond that at once: whatever runs in a
 * pod can open connections, with or without its token, and must not use up those of all.
 */
export function createConnectionLimit(options: {
  readonly connections_max: number
  readonly clock: Clock
  readonly log: Logger
}): (socket: Pick<Socket, "remoteAddress" | "destroy" | "once">) => void {
  const { connections_max, clock, log } = options
  const open = new Map<string, number>()
  const mayTell = createThrottle(clock)
  return (socket) => {
    const address = plainAddress(socket.remoteAddress ?? "")
    const count = (open.get(address) ?? 0) + 1
    if (count > connections_max) {
      socket.destroy()
      if (mayTell()) log.warn({ address, connections_max }, "connections of a pod are refused: it has too many")
      return
    }
    open.set(address, count)
    socket.once("close", () => {
      const left = (open.get(address) ?? 1) - 1
      if (left > 0) open.set(address, left)
      else open.delete(address)
    })
  }
}
