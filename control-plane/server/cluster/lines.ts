const LINE_BYTES_MAX = 4 * 1024 * 1024

/**
 * The non-empty lines of a byte stream; `received` is called with every chunk, complete line or not.
 * @throws Error when one line is longer than 4 MiB (etcd holds no object larger than 1.5).
 */
export async function* readLines(body: AsyncIterable<Uint8Array>, received: () => void): AsyncGenerator<string> {
  let rest: Buffer[] = []
  let restBytes = 0
  for await (const part of body) {
    received()
    let chunk = Buffer.from(part.buffer, part.byteOffset, part.byteLength)
    for (;;) {
      const end = chunk.indexOf(10)
      if (end < 0) break
      const line = Buffer.concat([...rest, chunk.subarray(0, end)]).toString("utf8")
      rest = []
      restBytes = 0
      chunk = chunk.subarray(end + 1)
      if (line.trim() !== "") yield line
    }
    if (chunk.length === 0) continue
    // A copy: the reader may use the chunk's memory again.
    rest.push(Buffer.from(chunk))
    restBytes += chunk.length
    if (restBytes > LINE_BYTES_MAX) throw new Error(`a line longer than ${LINE_BYTES_MAX} bytes`)
  }
}
