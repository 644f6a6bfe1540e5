import type { Page } from "playwright-core"
import { describe, expect, test } from "vitest"
import { SOON, scrollUpTo, type Visit, violations, visits } from "./browser.ts"

const look = visits()

const prompt = (page: Page) => page.getByRole("textbox", { name: "Prompt" })
const begin = async ({ page, server }: Visit, text: string) => {
  await page.goto(`${server.url}new`)
  await prompt(page).fill(text)
  await page.keyboard.press("Control+Enter")
  await page.getByRole("region", { name: "Conversation" }).waitFor()
}

describe("signing in", () => {
  test("refuses in words, then leads back to where one was, below the path prefix", async () => {
    const { page, server } = await look({ signedIn: false })
    await page.goto(`${server.url}settings`)
    await page.getByLabel("E-mail").fill("ada@example.com")
    await page.getByLabel("Password").fill("wrong")
    await page.keyboard.press("Enter")
    expect(await page.getByRole("alert").textContent()).toBe("The e-mail address or the password is wrong.")
    expect(await violations(page)).toEqual([])
    await page.getByLabel("Password").fill("berth")
    await page.keyboard.press("Enter")
    await page.getByRole("heading", { name: "Sign-ins" }).waitFor()
    expect(page.url()).toBe(`${server.url}settings`)
  })
})

describe("the list", () => {
  test("explains the first step when there is no session, and follows changes without a reload", async () => {
    const { page, server } = await look({ empty: true })
    await page.goto(server.url)
    await page.getByRole("heading", { name: "Start your first session" }).waitFor()
    const { makeSession } = await import("../../../dev/ui/seed.ts")
    const session = makeSession("Live from elsewhere", Date.now())
    server.store.add(session)
    const row = page.getByRole("main").getByRole("listitem").filter({ hasText: "Live from elsewhere" })
    await row.getByText("Ready").waitFor()
    server.store.update(session.id, { activity: "waiting" })
    await row.getByText("Needs you").waitFor()
    server.store.remove(session.id)
    await page.getByRole("heading", { name: "Start your first session" }).waitFor()
  })

  test("works by keyboard alone: move, select, delete after asking, search", async () => {
    const { page, server } = await look()
    await page.goto(server.url)
    // In the list itself: the navigation shows the same session, and may be there before it.
    await page.getByRole("main").getByRole("link", { name: "Ask before changing the tide tables" }).waitFor()
    for (const key of ["j", "j", "x"]) await page.keyboard.press(key)
    await page.getByText("1 selected").waitFor()
    await page.getByRole("button", { name: "Delete" }).press("Enter")
    await page.getByRole("dialog").waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).press("Enter")
    await page.getByText("1 session deleted").waitFor()
    await page.getByRole("dialog").waitFor({ state: "detached" })
    expect(server.store.all().map((session) => session.title)).not.toContain("Ask before changing the tide tables")
    await page.keyboard.press("/")
    await page.keyboard.type("mooring")
    await expect.poll(() => page.getByRole("main").getByRole("checkbox").count(), SOON).toBe(1)
    expect(page.url()).toContain("?q=mooring")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("changelog")
    await page.getByRole("option", { name: /Draft the changelog/ }).waitFor()
    await page.keyboard.press("Enter")
    await page.getByRole("heading", { name: "Draft the changelog for 2.4" }).waitFor()
  })
})

describe("a session", () => {
  test("starts step by step, asks, answers, queues, stops and starts again", async () => {
    const visited = await look()
    const { page, server } = visited
    await begin(visited, "ask me, and question me")
    const id = page.url().split("/").at(-1) ?? ""
    await page.getByRole("heading", { name: "The agent wants to run a command" }).waitFor()
    await prompt(page).fill("And the changelog")
    await page.keyboard.press("Enter")
    await page.getByText("Queued: sent as soon as the agent is ready for it").waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByRole("button", { name: "Allow once" }).click()
    await page.getByText("release/2.4", { exact: true }).click()
    await page.getByRole("button", { name: "Answer", exact: true }).click()
    await expect.poll(() => page.getByRole("button", { name: "Copy answer" }).count(), SOON).toBe(2)
    await page
      .getByRole("button", { name: /^Ran npm test/ })
      .first()
      .click()
    await page.getByText("Tests 2 passed (2)").waitFor()
    await page.getByRole("button", { name: "Stop" }).click()
    await page.getByRole("button", { name: "Start and send" }).waitFor()
    await prompt(page).fill("Once more")
    await page.keyboard.press("Enter")
    const answers = () =>
      server.store.get(id)?.state.messages.filter((message) => message.body.finish === "stop").length
    await expect.poll(answers, SOON).toBe(3)
    await page.getByRole("article").filter({ hasText: "Once more" }).waitFor()
    await expect.poll(() => page.getByRole("button", { name: "Copy answer" }).count(), SOON).toBeGreaterThan(0)
  })

  test("that cannot start says why and what to do, and can be tried again", async () => {
    const visited = await look()
    const { page, server } = visited
    await page.goto(`${server.url}new`)
    await prompt(page).fill("Anything")
    await page.getByLabel("Repository").fill("https://git.example.com/missing.git")
    await page.getByRole("button", { name: "Start session" }).click()
    await page.getByText("The repository could not be cloned.").first().waitFor()
    await page.getByRole("region", { name: "Start-up" }).getByText("fatal: repository").waitFor()
    await page.getByText("Check its address, and that you may read it.").waitFor()
    const id = page.url().split("/").at(-1) ?? ""
    server.store.update(id, { repository: { url: "https://git.example.com/harbour/berths.git", ref: null } })
    await page.getByRole("button", { name: "Retry" }).click()
    await page.getByRole("button", { name: "Copy answer" }).waitFor()
  })

  test("loses nothing and shows nothing twice when the connection breaks in mid-sentence", async () => {
    const visited = await look()
    const { page, server } = visited
    // The clock that stands is the page's: what follows the server must run there, and not in the shared worker.
    await page.addInitScript(() => Reflect.deleteProperty(window, "SharedWorker"))
    await page.clock.install()
    await begin(visited, "long 600")
    await page.getByText("word30").first().waitFor()
    server.cut()
    await prompt(page).fill("Typed while nobody listens")
    await page.keyboard.press("Enter")
    await page.getByText("Connection lost").waitFor()
    await page.getByText("Waiting for the connection").waitFor()
    // While its clock stands the page tries only when it is told to, in vain. Then it is left to itself: an attempt that
    // was under way may be the one that succeeds, and the banner be gone before anybody could press anything.
    await page.clock.pauseAt(Date.now() + 30_000)
    const tried = page.waitForEvent("requestfailed", (request) => /api\/stream/.test(request.url()))
    await page.getByRole("button", { name: "Now" }).click()
    await page.clock.runFor(1)
    await tried
    server.mend()
    await page.clock.resume()
    await page.getByText("Connection lost").waitFor({ state: "detached" })
    await page.getByRole("article").filter({ hasText: "Typed while nobody listens" }).waitFor()
    await expect.poll(() => page.getByRole("button", { name: "Copy answer" }).count(), SOON).toBe(2)
    const words = await page.locator(".line[data-kind=part] .markdown").first().textContent()
    expect(words?.match(/word\d+/g)).toEqual(Array.from({ length: 600 }, (_, index) => `word${index}`))
    expect(await page.getByText("Typed while nobody listens").count()).toBe(1)
  })

  test("keeps what is typed over a reload, and lets an observer only watch", async () => {
    const { page, server } = await look()
    const [mine, other] = ["Upgrade the build to Node 24", "Explain the lock gate"].map((title) =>
      server.store.all().find((session) => session.title.startsWith(title)),
    )
    await page.goto(`${server.url}sessions/${mine?.id}`)
    await prompt(page).fill("Half a thought")
    await page.reload()
    await expect.poll(() => prompt(page).inputValue(), SOON).toBe("Half a thought")
    await page.goto(`${server.url}sessions/${other?.id}`)
    await page.getByText("You are watching Bo Okafor’s session. Only Bo Okafor can write.").waitFor()
    expect(await prompt(page).count()).toBe(0)
    expect(await page.getByRole("button", { name: "Stop" }).count()).toBe(0)
  })

  test("of 1,200 messages opens at its end, and older ones come as one scrolls up", async () => {
    const { page, server } = await look({ phone: true })
    const long = server.store.all().find((session) => session.status === "stopped")
    await page.goto(`${server.url}sessions/${long?.id}`)
    await page.getByText("(turn 600)").waitFor()
    const conversation = page.getByRole("region", { name: "Conversation" })
    const height = () => conversation.evaluate((box) => box.scrollHeight)
    const before = await height()
    await scrollUpTo(conversation, page.getByText("(turn 551)"))
    await expect.poll(height, SOON).toBeGreaterThan(before * 1.5)
    const top = async () => (await page.getByText("(turn 551)").boundingBox())?.y
    await expect.poll(top, { ...SOON, message: "what one reads stays where it is" }).toBeGreaterThan(0)
    expect(await top()).toBeLessThan(740)
    await conversation.focus()
    await page.keyboard.press("End")
    await page.getByText("(turn 600)").waitFor()
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
    expect(await violations(page)).toEqual([])
  })

  test("shows what an agent writes as text, whatever it writes", async () => {
    const { page, server } = await look()
    const session = server.store.all().find((one) => one.title.startsWith("Upgrade"))
    const text =
      "<img src=x onerror=alert(1)> [a](javascript:alert(1)) ![pixel](https://evil.example/p.png) <script>alert(1)</script>"
    const message = server.store.get(session?.id ?? "")?.state.messages.at(-1)
    server.store.change(session?.id ?? "", {
      type: "part.updated",
      messageId: message?.id ?? "",
      part: { id: "evil", type: "text", body: { text } },
    })
    const requests: string[] = []
    page.on("request", (request) => requests.push(new URL(request.url()).host))
    await page.goto(`${server.url}sessions/${session?.id}`)
    await page.getByText("<img src=x onerror=alert(1)>").waitFor()
    expect(await page.locator(".markdown :is(img, script)").count()).toBe(0)
    expect(await page.locator(".markdown a[href^=javascript]").count()).toBe(0)
    expect([...new Set(requests)]).toEqual([new URL(server.url).host])
  })
})
