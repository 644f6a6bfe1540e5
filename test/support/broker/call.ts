import { readFileSync } from "node:fs"
import { request as httpRequest, type IncomingMessage } from "node:http"
import { request as httpsRequest } from "node:https"

export interface Called {
  readonly status: number
  readonly headers: IncomingMessage["headers"]
  readonly body: string
}

/** One request; the answer's body is read whole. */
export async function call(
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: string; caFile?: string } = {},
): Promise<Called> {
  const response = await open(url, options)
  let body = ""
  for await (const chunk of response.setEncoding("utf8")) body += chunk
  return { status: response.statusCode ?? 0, headers: response.headers, body }
}

/** One request; resolves with the first line, the body streams. */
export function open(url: string, options: Parameters<typeof call>[1] = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith("https:") ? httpsRequest : httpRequest
    const outgoing = send(
      url,
      {
        method: options.method ?? "GET",
        headers: options.headers ?? {},
        agent: false,
        ...(options.caFile === undefined ? {} : { ca: readFileSync(options.caFile) }),
      },
      resolve,
    )
    outgoing.once("error", reject)
    outgoing.end(options.body)
  })
}
