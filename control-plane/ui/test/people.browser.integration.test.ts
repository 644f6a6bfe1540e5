import type { Page } from "playwright-core"
import { describe, expect, test } from "vitest"
import { makeSession } from "../../../dev/ui/seed.ts"
import { overhang, SOON, scrollUpTo, violations, visits } from "./browser.ts"

const look = visits()

const focused = (page: Page) =>
  page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "")

describe("the focus", () => {
  test("is back on what opened a dialog once it is closed", async () => {
    const { page, server } = await look()
    await page.goto(`${server.url}settings`)
    const opener = page.getByRole("button", { name: "New token" })
    await opener.focus()
    for (const leave of [
      () => page.keyboard.press("Escape"),
      () => page.getByRole("button", { name: "Cancel" }).press("Enter"),
      async () => {
        await page.getByRole("textbox", { name: "Name" }).fill("Tide watch")
        await page.keyboard.press("Enter")
        await page.getByRole("button", { name: "Done" }).press("Enter")
      },
    ]) {
      await page.keyboard.press("Enter")
      await page.getByRole("dialog").waitFor()
      await leave()
      await page.getByRole("dialog").waitFor({ state: "detached" })
      await expect.poll(() => focused(page), SOON).toBe("New token")
    }
    await page.keyboard.press("Control+k")
    await page.getByRole("dialog").waitFor()
    await page.keyboard.press("Escape")
    await page.getByRole("dialog").waitFor({ state: "detached" })
    await expect.poll(() => focused(page), SOON).toBe("New token")
  })

  test("is back on the menu that led to a dialog", async () => {
    const { page, server } = await look()
    await page.goto(`${server.url}sessions/${server.store.all()[0]?.id}`)
    await page.getByRole("button", { name: "More" }).press("Enter")
    await page.getByRole("menuitem", { name: "Rename…" }).press("Enter")
    await page.getByRole("dialog").waitFor()
    await page.keyboard.press("Escape")
    await page.getByRole("dialog").waitFor({ state: "detached" })
    await expect.poll(() => focused(page), SOON).toBe("More")
  })

  test("is at the beginning of a page that one went to, not lost with the link that led there", async () => {
    const { page, server } = await look()
    await page.goto(server.url)
    const title = server.store.all()[0]?.title ?? ""
    await page.getByRole("main").getByRole("link", { name: title }).press("Enter")
    await page.getByRole("region", { name: "Conversation" }).waitFor()
    const place = () => page.evaluate(() => document.activeElement?.id)
    await expect.poll(place, SOON).toBe("main")
    await page.keyboard.press("u")
    await page.getByRole("heading", { name: "Sessions", exact: true }).waitFor()
    await expect.poll(place, SOON).toBe("main")
    await page.getByRole("link", { name: "Settings" }).press("Enter")
    await page.getByRole("heading", { name: "Sign-ins" }).waitFor()
    expect(await focused(page)).toContain("Settings")
  })

  test("goes into details and navigation that cover a small page, and Escape leads out of them", async () => {
    const { page, server } = await look({ phone: true })
    await page.goto(`${server.url}sessions/${server.store.all()[0]?.id}`)
    await page.getByRole("button", { name: "More" }).press("Enter")
    await page.getByRole("menuitem", { name: "Details" }).press("Enter")
    await expect.poll(() => focused(page), SOON).toBe("Close details")
    expect(await violations(page)).toEqual([])
    await page.keyboard.press("Escape")
    await page.getByRole("complementary", { name: "Details" }).waitFor({ state: "detached" })
    await expect.poll(() => focused(page), SOON).toBe("More")
    await page.goto(server.url)
    await page.getByRole("button", { name: "Navigation" }).press("Enter")
    await page.getByRole("navigation", { name: "Main" }).waitFor()
    await expect.poll(() => page.evaluate(() => document.activeElement?.closest("nav") !== null), SOON).toBe(true)
    await page.keyboard.press("Escape")
    await page.getByRole("navigation", { name: "Main" }).waitFor({ state: "hidden" })
    await expect.poll(() => focused(page), SOON).toBe("Navigation")
  })
})

test("a value that is shown once is copied where the browser has no clipboard interface", async () => {
  const { page, server, context } = await look()
  await context.grantPermissions(["clipboard-read", "clipboard-write"])
  await page.goto(`${server.url}settings`)
  await page.evaluate(() => {
    const { readText } = navigator.clipboard
    Object.assign(window, { read: readText.bind(navigator.clipboard) })
    Object.defineProperty(navigator, "clipboard", { value: undefined })
  })
  await page.getByRole("button", { name: "New token" }).click()
  await page.getByRole("textbox", { name: "Name" }).fill("Tide watch")
  await page.keyboard.press("Enter")
  const token = page.getByRole("textbox", { name: "Token" })
  await token.waitFor()
  await page.getByText("It is shown only now").click()
  await page.getByRole("button", { name: "Copy" }).click()
  await page.getByText("Token copied").waitFor()
  const read = () => page.evaluate(() => (window as unknown as { read: () => Promise<string> }).read())
  expect(await read()).toBe(await token.inputValue())
  await expect.poll(() => focused(page), SOON).toBe("Copy")
})

test("less motion is wanted: the way to the latest message is a jump", async () => {
  const { page, server } = await look()
  await page.addInitScript(() => {
    const asked: unknown[] = []
    Object.assign(window, { asked })
    const { scrollTo } = Element.prototype
    Element.prototype.scrollTo = function (this: Element, ...to: unknown[]) {
      asked.push((to[0] as ScrollToOptions | undefined)?.behavior)
      return Reflect.apply(scrollTo, this, to)
    }
  })
  const long = server.store.all().find((session) => session.status === "stopped")
  await page.goto(`${server.url}sessions/${long?.id}`)
  await page.getByText("(turn 600)").waitFor()
  const latest = page.getByRole("button", { name: "Latest" })
  await scrollUpTo(page.getByRole("region", { name: "Conversation" }), latest)
  await latest.click()
  await page.getByText("(turn 600)").waitFor()
  expect(await page.evaluate(() => (window as unknown as { asked: unknown[] }).asked)).not.toContain("smooth")
})

describe("long and foreign words", () => {
  const RTL = "שלום עולם hello مرحبا 🚀"
  const LONG = "x".repeat(180)
  const seeded = async (options: Parameters<typeof look>[0]) => {
    const visited = await look(options)
    const { server } = visited
    const url = `https://git.example.com/${"very-long-group/".repeat(8)}berths.git`
    const session = makeSession("A short title", Date.now(), {
      repository: { url, ref: `feature/${"long-".repeat(20)}` },
      owner: { id: "usr_long", name: "N".repeat(120), email: "n@example.com" },
      tags: { ["k".repeat(60)]: "v".repeat(200) },
      lastMessage: { role: "assistant", text: LONG, at: Date.now() },
    })
    server.store.add(session)
    const body = { permission: "bash", command: `rm -rf ${LONG}`, patterns: [], always: [`rm ${LONG}`, "npm *"] }
    const asked = (id: string) =>
      ({ id, kind: "permission", state: "open", createdAt: Date.now(), body, answer: null }) as const
    server.store.change(
      session.id,
      { type: "request.updated", request: asked("req_1") },
      { type: "request.updated", request: asked("req_2") },
    )
    return { ...visited, session }
  }
  /** What sticks out of its box to the right. */
  const sticking = (page: Page, within: string) =>
    page.locator(within).evaluateAll((boxes) => boxes.map((box) => box.scrollWidth - box.clientWidth))

  test.each([{}, { phone: true }])("leave every control within reach: %j", async (options) => {
    const { page, server, session } = await seeded(options)
    await page.goto(server.url)
    await page.getByRole("main").getByRole("link", { name: "A short title" }).waitFor()
    const visibility = await page.getByRole("combobox", { name: "Visibility" }).boundingBox()
    const width = page.viewportSize()?.width ?? 0
    if (width > 400) expect((visibility?.x ?? width) + (visibility?.width ?? 0)).toBeLessThanOrEqual(width)
    const status = await page.getByRole("combobox", { name: "Owner" }).boundingBox()
    expect(status?.width).toBeLessThan(240)
    expect(await overhang(page)).toBe(0)
    await page.goto(`${server.url}sessions/${session.id}`)
    await expect.poll(() => page.getByRole("button", { name: "Allow once" }).count(), SOON).toBe(2)
    expect(await sticking(page, ".dock, .dock-column, .request-card")).toEqual([0, 0, 0, 0])
    expect(await sticking(page, ".request-actions .button"), "nothing is allowed that cannot be read").toEqual(
      Array(6).fill(0),
    )
    expect(await sticking(page, ".request-always")).toEqual([0, 0])
    await page.getByRole("status").getByText("And 1 more.").waitFor({ state: "attached" })
    const title = await page
      .getByRole("heading", { name: "A short title" })
      .evaluate((one) => one.scrollWidth - one.clientWidth)
    if (width > 400) expect(title, "the title is not cut to make room for the repository").toBe(0)
    const details = page.getByRole("complementary", { name: "Details" })
    if ((await details.count()) === 0) {
      await page.getByRole("button", { name: "More" }).click()
      await page.getByRole("menuitem", { name: "Details" }).click()
    }
    expect(await sticking(page, ".details")).toEqual([0])
    expect(await violations(page)).toEqual([])
  })

  test("written from right to left begin at the right, and change nothing around them", async () => {
    const { page, server } = await look()
    const session = makeSession(RTL, Date.now(), { lastMessage: { role: "user", text: RTL, at: Date.now() } })
    server.store.add(session)
    const text = `${RTL}\n\n- ${RTL}\n- left to right\n\n> ${RTL}`
    const header = { id: "msg_rtl", role: "assistant", agentSessionId: null, authorId: null, delivery: null } as const
    server.store.change(
      session.id,
      { type: "message.updated", message: { ...header, createdAt: 1, completedAt: 2, body: {} } },
      { type: "part.updated", messageId: header.id, part: { id: "p", type: "text", body: { text } } },
    )
    const direction = (selector: string) =>
      page
        .locator(selector)
        .first()
        .evaluate((one) => getComputedStyle(one).direction)
    await page.goto(server.url)
    await page.getByRole("main").getByRole("link", { name: RTL }).waitFor()
    expect(await direction(".session-link")).toBe("rtl")
    expect(await direction(".session-last")).toBe("rtl")
    await page.goto(`${server.url}sessions/${session.id}`)
    await page.getByText("left to right").waitFor()
    expect(await direction("h1")).toBe("rtl")
    expect(
      await page
        .locator(".markdown :is(p, li, blockquote)")
        .evaluateAll((all) => all.map((one) => getComputedStyle(one).direction)),
    ).toEqual(["rtl", "rtl", "rtl", "rtl", "rtl"])
    await page.getByRole("textbox", { name: "Prompt" }).fill(RTL)
    expect(await direction("#composer")).toBe("rtl")
  })
})
