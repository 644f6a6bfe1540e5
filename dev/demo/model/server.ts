import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { streamAnswer, wholeAnswer } from "./answer.ts"
import { type ChatRequest, planTurn } from "./turn.ts"

const body_bytes_max = 32 * 1024 * 1024

/**
 * An OpenAI-compatible server whose only model is a script. With `key`, requests need it as a bearer token.
 * `log` gets one line a request, without any of its content.
 */
export function createModelServer({ key, log }: { key: string; log: (line: string) => void }): Server {
  return createServer((request, response) => {
    if (request.url === "/healthz") return response.end("ok\n")
    answer(request, response, key).then(
      () => log(`${request.method} ${request.url} ${response.statusCode}`),
      (error: unknown) => {
        log(`${request.method} ${request.url} failed: ${error instanceof Error ? error.message : String(error)}`)
        if (response.headersSent) response.destroy()
        else refuse(response, 400, "the request could not be read")
      },
    )
  })
}

async function answer(request: IncomingMessage, response: ServerResponse, key: string): Promise<void> {
  const path = new URL(request.url ?? "/", "http://demo").pathname
  if (key !== "" && request.headers.authorization !== `Bearer ${key}`) {
    return refuse(response, 401, "The demo model needs its key.", "invalid_api_key")
  }
  if (request.method === "GET" && path === "/v1/models") {
    return json(response, 200, { object: "list", data: [{ id: "demo", object: "model", owned_by: "berth-demo" }] })
  }
  if (request.method !== "POST" || path !== "/v1/chat/completions")
    return refuse(response, 404, `There is no ${path} here.`)
  const chat: ChatRequest = JSON.parse(await bodyOf(request))
  const turn = planTurn(chat)
  if (!(await pause(turn.delay_ms, response))) return
  if (turn.error) {
    if (turn.error.status === 429) response.setHeader("retry-after", "2")
    return refuse(response, turn.error.status, turn.error.message, "demo_error")
  }
  if (chat.stream) await streamAnswer(chat, turn, response, pause)
  else json(response, 200, wholeAnswer(chat, turn))
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > body_bytes_max) throw new Error("the request is too large")
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString("utf8")
}

function json(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { "content-type": "application/json" })
  response.end(JSON.stringify(value))
}

function refuse(response: ServerResponse, status: number, message: string, code = "invalid_request_error"): void {
  json(response, status, { error: { message, type: "demo_error", code } })
}

function pause(milliseconds: number, response: ServerResponse): Promise<boolean> {
  if (response.destroyed) return Promise.resolve(false)
  return new Promise((resolve) => {
    const end = (open: boolean) => {
      clearTimeout(timer)
      response.off("close", gone)
      resolve(open)
    }
    const gone = () => end(false)
    const timer = setTimeout(() => end(true), milliseconds)
    response.once("close", gone)
  })
}
