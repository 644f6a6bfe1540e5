import { randomBytes } from "node:crypto"

const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/**
 * Makes message ids as OpenCode 1.x does: prefix, 12 hexadecimal digits of (milliseconds * 4096 + counter) modulo 2^48, 14 random
 * letters. Ids of one generator sort in the order they were made, whatever the clock does.
 *
 * OpenCode orders messages by the creation time that it notes itself and uses the id for equal times only, and it ends a
 * turn by the answer's `parentID`; so a control plane whose clock is ahead or behind does no harm.
 */
export function createMessageIds(now: () => number): () => string {
  let last = 0n
  return () => {
    const tick = BigInt(Math.trunc(now())) * 4096n + 1n
    last = tick > last ? tick : last + 1n
    const digits = (last & 0xffffffffffffn).toString(16).padStart(12, "0")
    const letters = Array.from(randomBytes(14), (byte) => LETTERS[byte % 62]).join("")
    return `msg_${digits}${letters}`
  }
}
