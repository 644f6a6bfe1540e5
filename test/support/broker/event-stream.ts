import { crc32 } from "node:zlib"

/** One frame of `application/vnd.amazon.eventstream`, as Bedrock streams its answers. */
export function eventFrame(type: string, payload: object): Buffer {
  const body = Buffer.from(JSON.stringify(payload))
  const headers = Buffer.concat(
    Object.entries({ ":event-type": type, ":content-type": "application/json", ":message-type": "event" }).map(
      headerOf,
    ),
  )
  const prelude = Buffer.alloc(8)
  prelude.writeUInt32BE(8 + 4 + headers.length + body.length + 4, 0)
  prelude.writeUInt32BE(headers.length, 4)
  const message = Buffer.concat([prelude, checksum(prelude), headers, body])
  return Buffer.concat([message, checksum(message)])
}

function headerOf([name, value]: [string, string]): Buffer {
  const stringType = 7
  const lengths = Buffer.alloc(2)
  lengths.writeUInt16BE(Buffer.byteLength(value))
  return Buffer.concat([
    Buffer.from([name.length]),
    Buffer.from(name),
    Buffer.from([stringType]),
    lengths,
    Buffer.from(value),
  ])
}

function checksum(bytes: Buffer): Buffer {
  const four = Buffer.alloc(4)
  four.writeUInt32BE(crc32(bytes))
  return four
}
