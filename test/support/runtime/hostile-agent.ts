import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { ROOT_ID } from "./pod.ts"

/** What a hostile fake agent does over the wire that a real one speaks. It is none of OpenCode's own. */
export const ATTACKS = ["forged messages", "worst events", "worst histories"] as const
type Attack = (typeof ATTACKS)[number]

const distinct = (count: number) => Array.from({ length: count }, (_, index) => ({ [`k${index}`]: index }))
const line = (type: string, properties: object) => `data: ${JSON.stringify({ type, properties })}\n\n`
const info = (id: string, role: string) => ({ id, sessionID: ROOT_ID, role, time: { created: 1 } })
const junk = `[${"{},".repeat(30_000)}{}]`

/** Many small lies: messages of a user that no user wrote, taken back at once, and repeats that take back texts. */
function forged(index: number): string {
  const id = `msg_f${index}`
  const status = { type: "retry", attempt: index, message: "again" }
  return (
    line("message.updated", { info: info(id, "user") }) +
    line("message.part.updated", {
      part: { id: `prt_f${index}`, sessionID: ROOT_ID, messageID: id, type: "text", text: id },
    }) +
    line("session.status", { sessionID: ROOT_ID, status }) +
    line("message.removed", { sessionID: ROOT_ID, messageID: id })
  )
}

const keys = distinct(15_000)
const words = "\\\n\u4e00".repeat(400_000)

/** Longer than any event that is read, and 25 times as large once it is parsed. */
const endless = `data: {"type":"message.updated","properties":[${"{},".repeat(5_500_000)}{}]}\n\n`
const ENDLESS_EVERY = 10

/** The largest events, of what costs most: keys that are all different, escapes, and long outputs of which little is kept. */
function worst(index: number): string {
  if (index % ENDLESS_EVERY === 1) return endless
  const messageID = `msg_w${index}`
  const part = { id: `prt_w${index}`, sessionID: ROOT_ID, messageID }
  const state = { status: "running", input: keys, metadata: { output: words }, time: { start: 1 } }
  return (
    line("message.updated", { info: info(messageID, "assistant") }) +
    line("message.part.updated", {
      part: { ...part, type: "tool", tool: "bash", callID: "c", state: { ...state, input: {} } },
    }) +
    line("message.part.updated", {
      part: { ...part, id: `prt_v${index}`, type: "tool", tool: "bash", state: { input: keys } },
    }) +
    line("session.error", { sessionID: ROOT_ID, error: { name: "x", data: { message: "\n".repeat(100_000) } } })
  )
}

let count = 0
const streams = new Set<ServerResponse>()
/** Pages until the stream ends: then all of it is to be read again, and what was read is of no use. */
const PAGES_A_STREAM = 100

function stream(attack: Attack, response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream" })
  response.write(line("server.connected", {}))
  if (attack === "worst histories") {
    streams.add(response)
    response.on("close", () => streams.delete(response))
    return
  }
  const more = () => {
    do count += 1
    while (!response.destroyed && response.write(attack === "worst events" ? worst(count) : forged(count)))
  }
  response.on("drain", more)
  more()
}

function answer(attack: Attack, request: IncomingMessage, response: ServerResponse): void {
  const { pathname } = new URL(request.url ?? "/", "http://pod")
  if (pathname === "/event") return stream(attack, response)
  if (pathname === "/count") return void response.end(String(count))
  response.setHeader("content-type", "application/json")
  if (attack === "worst histories" && pathname.endsWith("/children")) {
    response.end(JSON.stringify(Array.from({ length: 250 }, (_, index) => ({ id: `ses_${index}` }))))
  } else if (attack === "worst histories" && pathname.endsWith("/message")) {
    const conversation = { ...info(`msg_h${count++}`, "user"), sessionID: pathname.split("/")[2] }
    if (count % PAGES_A_STREAM === 0) for (const stream of streams) stream.destroy()
    response.setHeader("x-next-cursor", String(count))
    response.end(`[{"info":${JSON.stringify(conversation)},"parts":${junk}}]`)
  } else if (pathname === "/permission" || pathname === "/question") response.end(junk)
  else response.end(/^\/session\/(?:status|ses_root)$/.test(pathname) ? `{"x":${junk}}` : "[]")
}

if (import.meta.main) {
  const attack = ATTACKS.find((name) => name === process.argv[2]) ?? "worst events"
  const server = createServer((request, response) => {
    response.on("error", () => {})
    answer(attack, request, response)
  })
  server.listen(0, "127.0.0.1", () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
}
