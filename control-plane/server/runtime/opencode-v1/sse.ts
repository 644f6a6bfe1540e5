import { StringDecoder } from "node:string_decoder"

/**
 * Reads `text/event-stream` (https://html.spec.whatwg.org/multipage/server-sent-events.html) in chunks of any size:
 * `feed` returns the data of every event that is now complete. Other fields are not used by OpenCode and ignored.
 * An event of more than `chars_max` characters is skipped as a whole and counted in `skipped`.
 */
export class SseParser {
  readonly #decoder = new StringDecoder("utf8")
  readonly #chars_max: number
  #line = ""
  #data: string[] = []
  #chars = 0
  #oversize = false
  #afterReturn = false
  skipped = 0

  constructor(chars_max: number) {
    this.#chars_max = chars_max
  }

  feed(chunk: Buffer): string[] {
    const events: string[] = []
    const text = this.#decoder.write(chunk)
    let from = 0
    // CR LF split between two chunks is one line end.
    if (this.#afterReturn && text.startsWith("\n")) from = 1
    if (text !== "") this.#afterReturn = false
    const ends = /\r\n|\r|\n/g
    ends.lastIndex = from
    for (let match = ends.exec(text); match !== null; match = ends.exec(text)) {
      this.#append(text.slice(from, match.index))
      from = ends.lastIndex
      this.#afterReturn = match[0] === "\r" && from === text.length
      const event = this.#endLine()
      if (event !== undefined) events.push(event)
    }
    this.#append(text.slice(from))
    return events
  }

  #append(piece: string): void {
    this.#chars += piece.length
    if (this.#chars > this.#chars_max) this.#oversize = true
    if (this.#oversize) {
      // Only whether the line is empty matters until the event is over.
      this.#data = []
      this.#line = (this.#line + piece).slice(0, 1)
    } else this.#line += piece
  }

  #endLine(): string | undefined {
    const line = this.#line
    this.#line = ""
    if (line !== "") {
      if (line.startsWith("data:")) this.#data.push(line.slice(line.startsWith("data: ") ? 6 : 5))
      else if (line === "data") this.#data.push("")
      return undefined
    }
    const event = this.#data.length === 0 || this.#oversize ? undefined : this.#data.join("\n")
    if (this.#oversize) this.skipped++
    this.#data = []
    this.#chars = 0
    this.#oversize = false
    return event
  }
}
