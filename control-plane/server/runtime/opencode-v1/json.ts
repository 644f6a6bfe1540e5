import { StringDecoder } from "node:string_decoder"
import { setImmediate } from "node:timers/promises"

/** Stands for a JSON text with more values than are parsed. */
export const TOO_MANY_VALUES = Symbol("too many values")

/**
 * How many elements, keys and containers a JSON text has, roughly. Asked before it is parsed: 4 MiB of `{},{},…` hold the
 * process for 200 ms when they are parsed, and take 25 times their size.
 */
export function countValues(raw: string): number {
  const counter = new Counter()
  counter.read(raw)
  return counter.count
}

const BLOCK_BYTES = 1024 * 1024

/**
 * The value of a JSON text, `TOO_MANY_VALUES` when it has more than `values_max` of them, or undefined when it is not JSON.
 * For texts of several MiB: other work gets its turn between two blocks.
 */
export async function parseLongJson(raw: Buffer, values_max: number): Promise<unknown> {
  const decoder = new StringDecoder("utf8")
  const counter = new Counter()
  let text = ""
  for (let from = 0; from < raw.length; from += BLOCK_BYTES) {
    const block = decoder.write(raw.subarray(from, from + BLOCK_BYTES))
    text += block
    counter.read(block)
    if (counter.count > values_max) return TOO_MANY_VALUES
    await setImmediate()
  }
  return parseJson(text + decoder.end())
}

/** The value of a JSON text; undefined when it is not JSON. */
export function parseJson(raw: string): unknown {
  try {
    return JSON.parse(raw)
  } catch {
    return undefined
  }
}

const [QUOTE, BACKSLASH, COMMA, OPEN_LIST, OPEN_OBJECT] = [0x22, 0x5c, 0x2c, 0x5b, 0x7b]

/** Counts `,`, `[` and `{` outside of strings. */
class Counter {
  count = 0
  #inString = false
  #escaped = false

  read(text: string): void {
    let inString = this.#inString
    let count = this.count
    let at = this.#escaped ? 1 : 0
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (inString) {
        if (code === BACKSLASH) at++
        else if (code === QUOTE) inString = false
      } else if (code === QUOTE) inString = true
      else if (code === COMMA || code === OPEN_LIST || code === OPEN_OBJECT) count++
    }
    this.#inString = inString
    this.#escaped = at > text.length
    this.count = count
  }
}
