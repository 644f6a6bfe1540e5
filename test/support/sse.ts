/** One event of an event stream. */
export interface StreamedEvent {
  readonly id: string | undefined
  readonly event: string
  readonly data: string
}

/**
 * Reads an event stream (WHATWG HTML, "Server-sent events"). Comments and `retry` are dropped; an event that the end
 * of the stream has cut is dropped too.
 */
export async function* parseEventStream(chunks: AsyncIterable<Buffer>): AsyncGenerator<StreamedEvent> {
  const decoder = new TextDecoder()
  let rest = ""
  for await (const chunk of chunks) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n\r?\n/)
    rest = blocks.pop() ?? ""
    for (const block of blocks) {
      const event = parseBlock(block)
      if (event !== undefined) yield event
    }
  }
}

function parseBlock(block: string): StreamedEvent | undefined {
  let id: string | undefined
  let event = "message"
  const data: string[] = []
  for (const line of block.split(/\r?\n/)) {
    const [, name, value] = /^([a-z]+): ?(.*)$/.exec(line) ?? []
    if (name === "id") id = value
    else if (name === "event") event = value ?? event
    else if (name === "data") data.push(value ?? "")
  }
  return data.length === 0 ? undefined : { id, event, data: data.join("\n") }
}
