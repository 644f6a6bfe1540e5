import { expect, test } from "vitest"
import { createApi, messageOf } from "./client.ts"

const answering = (status: number, body: string, headers: Record<string, string> = {}) =>
  createApi({
    fetch: async () => new Response(body, { status, headers }),
    baseUrl: "https://berth.example/",
    onUnauthenticated: () => undefined,
  })
const told = (api: ReturnType<typeof createApi>) => api.request("me").then(String, messageOf)
const error = (code: string, message: string) => JSON.stringify({ error: { code, message, requestId: "req_7" } })

test("a fault of the server's own is told with the id that its log has it under", async () => {
  expect(await told(answering(500, error("internal", "Something went wrong on our side.")))).toBe(
    "Something went wrong on our side. (request req_7)",
  )
})

test("a refusal explains itself", async () => {
  expect(await told(answering(409, error("conflict", "There is one already.")))).toBe("There is one already.")
})

test("the page of a proxy in between is not shown to anybody", async () => {
  expect(await told(answering(502, "<html>Bad gateway</html>"))).toBe(
    "The server answered with status 502. Try again in a moment.",
  )
})
