import { Agent, type IncomingMessage, request } from "node:http"

const streams_count = 50
const tokens_per_second = 100
/** Streams start one after the other within one token's time, as they would with people behind them. */
const token_ms = 1_000 / tokens_per_second

/** What 50 streams received. */
export interface Tokens {
  readonly expected: number
  readonly received: number
  /** From the upstream's write to the client's read, in milliseconds, one each token. */
  readonly latencies_ms: readonly number[]
}

/** 50 streams of 100 tokens a second for `duration_ms`. @throws Error for a stream that breaks or is out of order */
export async function streamTokens(model: string, duration_ms: number): Promise<Tokens> {
  const count = Math.round(duration_ms / token_ms)
  const agent = new Agent({ keepAlive: false })
  const latencies_ms: number[] = []
  const one = async (index: number) => {
    await new Promise((resolve) => setTimeout(resolve, (index * token_ms) / streams_count))
    const url = `${model}/stream?count=${count}&every_ms=${token_ms}`
    const response = await ask(url, { method: "POST", agent, headers: { "content-type": "application/json" } }, "{}")
    let rest = ""
    let next = 0
    for await (const text of response.setEncoding("latin1") as AsyncIterable<string>) {
      const now = process.hrtime.bigint()
      const events = (rest + text).split("\n\n")
      rest = events.pop() ?? ""
      for (const event of events) {
        const [, number, sent = "0"] = event.split(" ")
        if (number === "[DONE]") continue
        if (Number(number) !== next) throw new Error(`token ${number} arrived instead of ${next}`)
        next += 1
        latencies_ms.push(Number(now - BigInt(sent)) / 1e6)
      }
    }
    return next
  }
  const received = await Promise.all(Array.from({ length: streams_count }, (_, index) => one(index)))
  return { expected: streams_count * count, received: received.reduce((sum, each) => sum + each, 0), latencies_ms }
}

/** Fetches a pack that is offered at `bytes_per_second`. @returns megabytes a second that arrived */
export async function fetchPack(git: string, bytes: number, bytes_per_second: number): Promise<number> {
  const begin = performance.now()
  const headers = {
    "content-type": "application/x-git-upload-pack-request",
    "user-agent": `git/${bytes}`,
    accept: `pace/${bytes_per_second}`,
  }
  const agent = new Agent({ keepAlive: false })
  const response = await ask(`${git}/team/app.git/git-upload-pack`, { method: "POST", agent, headers }, "0000")
  let received = 0
  for await (const chunk of response as AsyncIterable<Buffer>) received += chunk.length
  if (received !== bytes) throw new Error(`${received} bytes arrived of ${bytes}`)
  return bytes / 1e6 / ((performance.now() - begin) / 1_000)
}

function ask(url: string, options: object, body: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, options, (response) => {
      if (response.statusCode === 200) return resolve(response)
      response.setEncoding("utf8").on("data", (text: string) => {
        reject(new Error(`${url} answered with ${response.statusCode}: ${text}`))
      })
    })
    outgoing.once("error", reject)
    outgoing.end(body)
  })
}
