import type { IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"

type Calls = Set<() => void>

const waiting = new WeakMap<Socket, Calls>()

/**
 * Calls back once when nothing of an answer is held any more: it was sent, or its connection is gone; at once when that
 * was so before. An answer that waits behind another one of its connection is never told that the connection went, so
 * the socket is asked as well.
 */
export function whenClosed({ req, res }: { req: IncomingMessage; res: ServerResponse }, callback: () => void): void {
  const { socket } = req
  if (res.closed || socket.destroyed) return callback()
  const calls = callsOf(socket)
  const call = () => {
    if (!calls.delete(call)) return
    res.off("close", call)
    callback()
  }
  calls.add(call)
  res.once("close", call)
}

/** One listener for each socket, however many answers it has to send. */
function callsOf(socket: Socket): Calls {
  const known = waiting.get(socket)
  if (known !== undefined) return known
  const calls: Calls = new Set()
  waiting.set(socket, calls)
  socket.once("close", () => {
    for (const call of [...calls]) call()
  })
  return calls
}
