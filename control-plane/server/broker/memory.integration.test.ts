import { once } from "node:events"
import { readFileSync } from "node:fs"
import type { IncomingMessage, ServerResponse } from "node:http"
import { join } from "node:path"
import { build } from "esbuild"
import { expect, it } from "vitest"
import { open } from "../../../test/support/broker/call.ts"
import { startHarness } from "../../../test/support/broker/harness.ts"
import { startModelServer } from "../../../test/support/broker/model-server.ts"
import { startSidecar } from "../../../test/support/broker/sidecar.ts"

const MIB = 1024 * 1024
const IDLE_BYTES_MAX = 40 * MIB
const STREAMS = 20
const STREAMING_BYTES_MAX = 80 * MIB
const CHUNKS = 200
const CHUNK = `data: ${"x".repeat(16_000)}\n\n`
const END = "data: [DONE]\n\n"

const model = await startModelServer()
const broker = await startHarness({
  file: { providers: { demo: { options: { baseURL: `${model.url}/demo` } } } },
  providerKeys: { demo: "sk-canary" },
})

/** Memory that is the program's own; pages of its files are shared by all sidecars of a node. */
function anonymousBytesOf(pid: number): number {
  const [, kib] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? []
  return Number(kib) * 1024
}

it("the sidecar has at most 40 MiB of its own when it is idle, and 80 MiB with 20 streams at full speed", async () => {
  // As the image has it: one file, without the type stripping of development.
  const entry = join(broker.directory, "sidecar.mjs")
  await build({
    entryPoints: [join(import.meta.dirname, "../../../auth-helpers/main.ts")],
    outfile: entry,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
  })
  const sidecar = await startSidecar(broker, await broker.addSession(), {}, entry)
  expect(anonymousBytesOf(sidecar.pid)).toBeLessThanOrEqual(IDLE_BYTES_MAX)

  model.behave((_, response) => void send(response))
  const streams = await Promise.all(
    Array.from({ length: STREAMS }, () =>
      open(`${sidecar.url}/llm/demo/chat/completions`, { method: "POST", body: "{}" }),
    ),
  )
  let most = 0
  const sizes = streams.map(async (stream: IncomingMessage) => {
    let bytes = 0
    for await (const chunk of stream) {
      bytes += (chunk as Buffer).length
      most = Math.max(most, anonymousBytesOf(sidecar.pid))
    }
    return bytes
  })
  expect(new Set(await Promise.all(sizes))).toEqual(new Set([CHUNKS * CHUNK.length + END.length]))
  expect(most).toBeLessThanOrEqual(STREAMING_BYTES_MAX)
})

async function send(response: ServerResponse): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" })
  for (let chunk = 0; chunk < CHUNKS; chunk++) {
    if (!response.write(CHUNK)) await once(response, "drain")
  }
  response.end(END)
}
