import { expect, test } from "vitest"
import { makeSession } from "../../../dev/ui/seed.ts"
import { SOON, violations, visits } from "./browser.ts"

const look = visits()

test("a prompt that was not delivered is sent again as a new one, once", async () => {
  const { page, server } = await look()
  const session = makeSession("Harbour", Date.now())
  server.store.add(session)
  const message = {
    id: "msg_1",
    role: "user",
    agentSessionId: null,
    authorId: session.owner.id,
    delivery: "failed",
    createdAt: Date.now(),
    completedAt: null,
    body: { error: { code: "undeliverable", message: "The agent did not take it 4 times." } },
  } as const
  server.store.change(
    session.id,
    { type: "message.updated", message },
    { type: "part.updated", messageId: "msg_1", part: { id: "prt_1", type: "text", body: { text: "long 12" } } },
  )
  await page.goto(`${server.url}sessions/${session.id}`)
  const again = page.getByRole("button", { name: "Send again" })
  await again.waitFor()
  expect(await violations(page)).toEqual([])
  await again.click()
  await page.getByText("word11").last().waitFor()
  const prompts = () => server.store.get(session.id)?.state.messages.filter(({ role }) => role === "user").length
  await expect.poll(prompts, SOON).toBe(2)
  expect(await again.count()).toBe(0)
})
