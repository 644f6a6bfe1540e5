/**
 * Reads `text/event-stream` (https://html.spec.whatwg.org/multipage/server-sent-events.html) in chunks of any size:
 * `feed` returns the data of every event that is now complete. Other fields are not used by OpenCode and ignored.
 * An event of more than `bytes_max` bytes is skipped as a whole and counted in `skipped`.
 *
 * Works on bytes: a string that grows by single characters takes 32 bytes for each.
 */
export class SseParser {
  readonly #bytes_max: number
  readonly #line: Line
  #data: string[] = []
  /** Of the event so far, line ends apart. */
  #bytes = 0
  #oversize = false
  #afterReturn = false
  skipped = 0

  constructor(bytes_max: number) {
    this.#bytes_max = bytes_max
    this.#line = new Line()
  }

  feed(chunk: Buffer): string[] {
    const events: string[] = []
    // CR LF split between two chunks is one line end.
    let from = this.#afterReturn && chunk[0] === LF ? 1 : 0
    if (chunk.length > 0) this.#afterReturn = false
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at]
      if (byte !== LF && byte !== CR) continue
      this.#append(chunk.subarray(from, at))
      if (byte === CR && chunk[at + 1] === LF) at++
      else this.#afterReturn = byte === CR && at + 1 === chunk.length
      from = at + 1
      const event = this.#endLine()
      if (event !== undefined) events.push(event)
    }
    this.#append(chunk.subarray(from))
    return events
  }

  #append(piece: Buffer): void {
    this.#bytes += piece.length
    if (this.#bytes > this.#bytes_max && !this.#oversize) {
      this.#oversize = true
      this.#data = []
    }
    // Of an event that is too long, only whether a line is empty matters until it is over.
    if (!this.#oversize) this.#line.append(piece)
    else if (this.#line.length === 0) this.#line.append(piece.subarray(0, 1))
  }

  #endLine(): string | undefined {
    const empty = this.#line.length === 0
    const line = this.#line.take()
    if (!empty) {
      if (this.#oversize) return undefined
      if (line.startsWith("data:")) this.#data.push(line.slice(line.startsWith("data: ") ? 6 : 5))
      else if (line === "data") this.#data.push("")
      return undefined
    }
    const event = this.#data.length === 0 || this.#oversize ? undefined : this.#data.join("\n")
    if (this.#oversize) this.skipped++
    this.#data = []
    this.#bytes = 0
    this.#oversize = false
    return event
  }
}

const [LF, CR] = [0x0a, 0x0d]
const LINE_BYTES_KEPT = 4096

/** Bytes that grow; twice the room each time, and little of it kept between two lines. */
class Line {
  #bytes = Buffer.alloc(LINE_BYTES_KEPT)
  length = 0

  append(piece: Buffer): void {
    const length = this.length + piece.length
    if (length > this.#bytes.length) {
      const grown = Buffer.alloc(Math.max(length, this.#bytes.length * 2))
      this.#bytes.copy(grown, 0, 0, this.length)
      this.#bytes = grown
    }
    piece.copy(this.#bytes, this.length)
    this.length = length
  }

  take(): string {
    const line = this.#bytes.toString("utf8", 0, this.length)
    this.length = 0
    if (this.#bytes.length > LINE_BYTES_KEPT) this.#bytes = Buffer.alloc(LINE_BYTES_KEPT)
    return line
  }
}
