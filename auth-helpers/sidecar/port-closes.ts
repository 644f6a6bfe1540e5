import { connect } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"

const ASK_AGAIN_MS = 100

/** Waits until nobody listens on a port of loopback, for at most `limit_ms`. */
export async function portCloses(port: number, limit_ms: number): Promise<void> {
  const end = performance.now() + limit_ms
  while (performance.now() < end && (await listens(port))) await sleep(ASK_AGAIN_MS)
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", timeout: ASK_AGAIN_MS })
    const answer = (open: boolean) => {
      socket.destroy()
      resolve(open)
    }
    socket.once("connect", () => answer(true))
    // A port whose owner does not accept in time is still somebody's.
    socket.once("timeout", () => answer(true))
    socket.once("error", () => answer(false))
  })
}
