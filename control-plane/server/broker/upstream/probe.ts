import http from "node:http"
import https from "node:https"
import type { Probe } from "../../credentials/index.ts"
import { createDialer } from "./dial.ts"

const ANSWER_MS = 10_000
const BODY_BYTES_MAX = 64 * 1024

/** A single request to the outside under the gateway's own rules of who may be dialled. */
export function createProbe(options: { allowedPrivateHosts: readonly string[] }): Probe {
  const { lookup } = createDialer(options)
  return ({ method, url, headers, body: sent }) =>
    new Promise((resolve, reject) => {
      const send = url.protocol === "https:" ? https.request : http.request
      const outgoing = send(
        url,
        { method, headers, lookup: lookup(url), agent: false, signal: AbortSignal.timeout(ANSWER_MS) },
        (response) => {
          let body = ""
          response.setEncoding("utf8").on("data", (text: string) => {
            body += text
            if (body.length > BODY_BYTES_MAX) response.destroy()
          })
          response.once("error", () => {})
          response.once("close", () =>
            resolve({ status: response.statusCode ?? 0, body: body.slice(0, BODY_BYTES_MAX) }),
          )
        },
      )
      outgoing.once("error", reject)
      outgoing.end(sent)
    })
}
