import type { Page } from "playwright-core"
import { describe, expect, test } from "vitest"
import { makeSession } from "../../../dev/ui/seed.ts"
import { SOON, scrollUpTo, type Visit, violations, visits } from "./browser.ts"

const look = visits()

const prompt = (page: Page) => page.getByRole("textbox", { name: "Prompt" })
const conversation = (page: Page) => page.getByRole("region", { name: "Conversation" })

/** A session of Ada's with what `patch` says, opened; its history may still be on its way. */
async function openSession(visited: Visit, patch: Parameters<typeof makeSession>[2] = {}): Promise<string> {
  const session = makeSession("Count the buoys", Date.now(), patch)
  visited.server.store.add(session)
  await visited.page.goto(`${visited.server.url}sessions/${session.id}`)
  await prompt(visited.page).waitFor()
  return session.id
}

/** The history of a session in which nothing was said has been read: whatever happens now comes as an event. */
const read = (page: Page) => page.getByText("Nothing has been said yet").waitFor()

describe("an address", () => {
  test.each(["sessions/%E0%A4%A", "sessions/100%", "admin/providers/%zz"])(
    "that was cut in the wrong place says that nothing is there: %s",
    async (path) => {
      const { page, server } = await look()
      await page.goto(server.url)
      await page.evaluate((to) => window.history.pushState(null, "", to), `${server.url}${path}`)
      await page.evaluate(() => window.dispatchEvent(new PopStateEvent("popstate")))
      await page.getByRole("heading", { name: "Nothing is here" }).waitFor()
    },
  )

  test("of a page that an upgrade has replaced says so, and a reload shows it", async () => {
    const { page, server, complaints } = await look({ expected: /dynamically imported module/ })
    await page.goto(server.url)
    await page.getByRole("heading", { name: "Sessions", exact: true }).waitFor()
    let upgraded = true
    await page.route("**/assets/SettingsPage*.js", (route) =>
      upgraded ? route.fulfill({ status: 404, body: "" }) : route.continue(),
    )
    await page.getByRole("link", { name: "Settings" }).click()
    await page.getByRole("heading", { name: "This page could not be shown" }).waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByRole("link", { name: "Sessions", exact: true }).click()
    await page.getByRole("heading", { name: "Sessions", exact: true }).waitFor()
    await page.goBack()
    upgraded = false
    await page.getByRole("button", { name: "Reload" }).click()
    await page.getByRole("heading", { name: "Sign-ins" }).waitFor()
    expect(complaints).toEqual([])
  })
})

describe("what is typed", () => {
  test("while the session is being started is not taken for a part of what was sent", async () => {
    const visited = await look()
    const { page, server } = visited
    const id = await openSession(visited, { status: "stopped", desired: "stopped" })
    const asked = Promise.withResolvers<void>()
    const answered = Promise.withResolvers<void>()
    await page.route(`**/sessions/${id}/start`, async (route) => {
      asked.resolve()
      await answered.promise
      await route.continue()
    })
    await prompt(page).fill("Count them")
    await page.keyboard.press("Enter")
    await asked.promise
    await page.keyboard.type(" and the piers")
    answered.resolve()
    await page.getByRole("article").filter({ hasText: "Count them" }).waitFor()
    await expect.poll(() => prompt(page).inputValue(), SOON).toBe("and the piers")
    const sent = () => server.store.get(id)?.state.messages.flatMap((one) => (one.role === "user" ? one.parts : []))
    await expect.poll(() => sent()?.map((part) => part.body.text), SOON).toEqual(["Count them"])
  })

  test("is still there after a sign-in that ended in the middle of it", async () => {
    const visited = await look()
    const { page, server, context } = visited
    const id = await openSession(visited)
    await read(page)
    await prompt(page).fill("Half a thought")
    await context.clearCookies()
    server.cut()
    await page.getByText("Connection lost").waitFor()
    server.mend()
    await page.getByRole("heading", { name: "Sign in to Berth" }).waitFor()
    await page.getByLabel("E-mail").fill("ada@example.com")
    await page.getByLabel("Password").fill("berth")
    await page.keyboard.press("Enter")
    await conversation(page).waitFor()
    expect(page.url()).toBe(`${server.url}sessions/${id}`)
    expect(await prompt(page).inputValue()).toBe("Half a thought")
  })

  test("and sent when the sign-in had ended goes on its way after the next one, once", async () => {
    const visited = await look()
    const { page, server, context } = visited
    const id = await openSession(visited)
    await read(page)
    await context.clearCookies()
    await prompt(page).fill("Count the boats")
    await prompt(page).press("Enter")
    await page.getByLabel("E-mail").fill("ada@example.com")
    await page.getByLabel("Password").fill("berth")
    await page.getByLabel("Password").press("Enter")
    await page.getByRole("article").filter({ hasText: "Count the boats" }).waitFor()
    const prompts = () => server.store.get(id)?.state.messages.filter((message) => message.role === "user").length
    await expect.poll(prompts, SOON).toBe(1)
  })
})

describe("a prompt that the server does not take now", () => {
  test("is not sent again with every event, but when the server said", async () => {
    const visited = await look()
    const { page, server } = visited
    const id = await openSession(visited)
    await read(page)
    let posts = 0
    await page.route(`**/sessions/${id}/messages`, (route) => {
      posts += 1
      const error = { code: "too_many_requests", message: "Too many prompts.", requestId: "r" }
      return route.fulfill({ status: 429, headers: { "retry-after": "600" }, json: { error } })
    })
    await prompt(page).fill("Count the boats")
    await prompt(page).press("Enter")
    await page.getByRole("button", { name: "Edit" }).waitFor()
    const message = { id: "msg_busy", role: "assistant", agentSessionId: null, authorId: null, delivery: null } as const
    const busy = { ...message, createdAt: 1, completedAt: null, body: {} }
    server.store.change(id, { type: "message.updated", message: busy })
    for (let n = 1; n <= 20; n += 1) {
      const part = { id: "p", type: "text", body: { text: `Boat number ${n}.` } } as const
      server.store.change(id, { type: "part.updated", messageId: message.id, part })
      await page.getByText(`Boat number ${n}.`).waitFor()
    }
    expect(posts).toBe(1)
    await page.unroute(`**/sessions/${id}/messages`)
    await page.getByRole("button", { name: "Try again" }).click()
    await page.getByText("Too many prompts.").waitFor({ state: "detached" })
    const prompts = () => server.store.get(id)?.state.messages.filter((one) => one.role === "user").length
    await expect.poll(prompts, SOON).toBe(1)
  })
})

describe("a session that is open", () => {
  test("and is deleted elsewhere says so where it leads to", async () => {
    const visited = await look()
    const { page, server } = visited
    const id = await openSession(visited)
    await read(page)
    server.store.change(id, { type: "session.deleted" })
    await page.getByText("“Count the buoys” was deleted").waitFor()
    expect(page.url()).toBe(server.url)
  })

  test("deletes what is deleted already without complaint", async () => {
    const visited = await look()
    const { page, server } = visited
    await openSession(visited)
    await page.route("**/api/sessions/*", (route) =>
      route.request().method() === "DELETE"
        ? route.fulfill({ status: 404, json: { error: { code: "not_found", message: "No.", requestId: "r" } } })
        : route.continue(),
    )
    await page.getByRole("button", { name: "More" }).click()
    await page.getByRole("menuitem", { name: "Delete…" }).click()
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click()
    await page.getByRole("heading", { name: "Sessions", exact: true }).waitFor()
    expect(page.url()).toBe(server.url)
  })

  test("reads its history by itself as soon as the server is there", async () => {
    const visited = await look()
    const { page } = visited
    let down = true
    await page.route("**/messages?*", (route) => (down ? route.fulfill({ status: 503, body: "" }) : route.continue()))
    await openSession(visited, { status: "running" })
    await page.getByRole("button", { name: "Try again" }).waitFor()
    down = false
    await read(page)
    await page.getByRole("button", { name: "Try again" }).waitFor({ state: "detached" })
  })

  test("asks once for older messages that cannot be read, and again when told to", async () => {
    const { page, server } = await look()
    const long = server.store.all().find((session) => session.status === "stopped")
    let asked = 0
    let down = true
    await page.route("**/messages?before*", (route) => {
      asked += 1
      return down ? route.abort() : route.continue()
    })
    await page.goto(`${server.url}sessions/${long?.id}`)
    await page.getByText("(turn 600)").waitFor()
    const failure = page.getByRole("alert").filter({ hasText: "Older messages could not be read" })
    await scrollUpTo(conversation(page), failure)
    expect(await violations(page)).toEqual([])
    expect(asked).toBe(1)
    down = false
    await failure.getByRole("button", { name: "Try again" }).click()
    await failure.waitFor({ state: "detached" })
    await page.getByText("(turn 551)").waitFor()
  })

  test("shows of very long input and output the ends first, and all of it on demand", async () => {
    const visited = await look()
    const { page, server } = visited
    const id = await openSession(visited)
    const text = (count: number) => Array.from({ length: count }, (_, index) => `line ${index}`).join("\n")
    const header = { id: "msg_big", role: "assistant", agentSessionId: null, authorId: null, delivery: null } as const
    const call = { callId: "c", status: "completed" } as const
    server.store.change(
      id,
      { type: "message.updated", message: { ...header, createdAt: 1, completedAt: 2, body: {} } },
      {
        type: "part.updated",
        messageId: header.id,
        part: {
          id: "a",
          type: "tool",
          body: { tool: { ...call, name: "bash", input: { command: "x" }, output: text(8_000) } },
        },
      },
      {
        type: "part.updated",
        messageId: header.id,
        part: {
          id: "b",
          type: "tool",
          body: { tool: { ...call, name: "write", input: { filePath: "f", content: text(600) }, output: "" } },
        },
      },
    )
    await page.getByRole("button", { name: /^Ran/ }).click()
    const output = page.getByRole("figure", { name: "Output" })
    await output.getByText("line 7999").waitFor()
    expect((await output.textContent())?.length).toBeLessThan(65_000)
    await output.getByRole("button", { name: /^Show all/ }).click()
    await expect.poll(async () => (await output.textContent())?.includes("line 4000\n"), SOON).toBe(true)
    await page.getByRole("button", { name: /^Ran/ }).click()
    await page.getByRole("button", { name: /^Wrote/ }).click()
    const change = page.getByRole("figure", { name: "Change" })
    await change.locator(".diff-line").first().waitFor()
    expect(await change.locator(".diff-line").count()).toBe(500)
    await change.getByRole("button", { name: "Show all 600 lines" }).click()
    await expect.poll(() => change.locator(".diff-line").count(), SOON).toBe(600)
  })
})

test("the list says that it may be old while the connection is lost, and is right again after", async () => {
  const { page, server } = await look()
  await page.goto(server.url)
  await page.getByRole("main").getByRole("link", { name: "Ask before changing the tide tables" }).waitFor()
  server.cut()
  await page.getByText("Connection lost").waitFor()
  expect(await violations(page)).toEqual([])
  server.store.add(makeSession("Made in the meantime", Date.now()))
  server.mend()
  await page.getByRole("main").getByRole("link", { name: "Made in the meantime" }).waitFor()
  await page.getByText("Connection lost").waitFor({ state: "detached" })
})
