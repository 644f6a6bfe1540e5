import type { ServerResponse } from "node:http"

/** A reader that takes nothing for so long is cut off: what is held for him is memory of all. */
export const STALLED_MS = 60_000

/**
 * Cuts an answer's connection when its reader takes nothing for `stalled_ms`. Counted from the moment when all of it was
 * handed to the socket: a handler may think for longer, and what is written piece by piece is looked after by its writer.
 */
export function cutStalled(response: ServerResponse, stalled_ms: number): void {
  response.once("prefinish", () => response.socket?.setTimeout(stalled_ms))
  // It has waited behind another answer: the limit that was set for that one is not its own.
  response.once("socket", (socket) => socket.setTimeout(0))
}
