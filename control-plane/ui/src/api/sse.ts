/** One event of a text/event-stream. */
export interface ServerEvent {
  /** Last id seen on the stream; empty when there was none. */
  readonly id: string
  readonly type: string
  readonly data: string
}

export interface SseParser {
  /** Takes the next piece of text, cut anywhere. */
  push(chunk: string): void
}

/**
 * Reads the event stream format (WHATWG HTML, 9.2.6). Comments are ignored: that they arrived is the caller's to note.
 * @param onEvent every complete event that carries data
 * @param onRetry the reconnection time that the server asks for, in milliseconds
 */
export function createSseParser(onEvent: (event: ServerEvent) => void, onRetry: (ms: number) => void): SseParser {
  let rest = ""
  let id = ""
  let type = ""
  let data: string[] = []

  function line(text: string): void {
    if (text === "") {
      if (data.length > 0) onEvent({ id, type: type === "" ? "message" : type, data: data.join("\n") })
      type = ""
      data = []
      return
    }
    const colon = text.indexOf(":")
    if (colon === 0) return
    const name = colon === -1 ? text : text.slice(0, colon)
    const value = colon === -1 ? "" : text.slice(text[colon + 1] === " " ? colon + 2 : colon + 1)
    if (name === "data") data.push(value)
    else if (name === "event") type = value
    else if (name === "id" && !value.includes("\0")) id = value
    else if (name === "retry" && /^\d+$/.test(value)) onRetry(Number(value))
  }

  return {
    push(chunk) {
      rest += chunk
      let start = 0
      for (let at = 0; at < rest.length; at += 1) {
        const character = rest[at]
        if (character !== "\n" && character !== "\r") continue
        // A carriage return at the end may be half of CR LF: wait for what follows.
        if (character === "\r" && at === rest.length - 1) break
        line(rest.slice(start, at))
        if (character === "\r" && rest[at + 1] === "\n") at += 1
        start = at + 1
      }
      rest = rest.slice(start)
    },
  }
}
