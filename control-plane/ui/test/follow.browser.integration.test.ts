import type { Page } from "playwright-core"
import { expect, test } from "vitest"
import { makeSession } from "../../../dev/ui/seed.ts"
import { SOON, type Visit, visits } from "./browser.ts"

const look = visits()

const prompt = (page: Page) => page.getByRole("textbox", { name: "Prompt" })
const conversation = (page: Page) => page.getByRole("region", { name: "Conversation" })
const latest = (page: Page) => page.getByRole("button", { name: "Latest" })
const answers = (page: Page) => page.getByRole("button", { name: "Copy answer" })

async function openSession({ page, server }: Visit): Promise<string> {
  const session = makeSession("Count the buoys", Date.now())
  server.store.add(session)
  await page.goto(`${server.url}sessions/${session.id}`)
  await page.getByText("Nothing has been said yet").waitFor()
  return session.id
}

/** How far the end of the conversation is below what can be seen, once two frames have not changed it. */
function gap(page: Page): Promise<number> {
  return conversation(page).evaluate(async (box) => {
    const now = () => Math.round(box.scrollHeight - box.clientHeight - box.scrollTop)
    const frame = () => new Promise(requestAnimationFrame)
    for (let before = Number.NaN; ; before = now()) {
      await frame()
      await frame()
      if (now() === before) return before
    }
  })
}

/** The server's last event of the session is on the page. */
async function turnIsOver({ page, server }: Visit, id: string, turns: number): Promise<void> {
  const finished = () => server.store.get(id)?.state.messages.filter((one) => one.body.finish === "stop").length
  await expect.poll(finished, SOON).toBe(turns)
  await conversation(page).getByText("Working").waitFor({ state: "detached" })
  await answers(page).last().waitFor()
}

async function say(page: Page, text: string): Promise<void> {
  await prompt(page).fill(text)
  await page.getByRole("button", { name: "Send" }).click()
}

/** A text that an agent wrote, of so many lines, at once. */
function write({ server }: Visit, id: string, name: string, lines: number): void {
  const header = { id: `msg_${name}`, role: "assistant", agentSessionId: null, authorId: null, delivery: null } as const
  const message = { ...header, createdAt: Date.now(), completedAt: null, body: {} }
  const text = Array.from({ length: lines }, (_, n) => `${name} ${n}`).join("\n\n")
  server.store.change(
    id,
    { type: "message.updated", message },
    { type: "part.updated", messageId: message.id, part: { id: `prt_${name}`, type: "text", body: { text } } },
  )
}

/** What an agent with tools does at once: each step is more than a line. */
function work({ server }: Visit, id: string, name: string): void {
  const header = { id: `msg_${name}`, role: "assistant", agentSessionId: null, authorId: null, delivery: null } as const
  const message = { ...header, createdAt: Date.now(), completedAt: Date.now(), body: { finish: "tool-calls" } }
  const tool = { name: "bash", callId: "c", status: "completed", input: { command: "npm test" }, output: "ok" } as const
  const bodies = [{ text: `${name} begins.` }, { tool }, { text: `${name} goes on,\n\nand on.` }, { tool }, { tool }]
  const parts = bodies.map((body, n) => ({ id: `prt_${name}_${n}`, type: body.tool ? "tool" : "text", body }) as const)
  server.store.change(
    id,
    { type: "message.updated", message },
    ...parts.map((part) => ({ type: "part.updated", messageId: message.id, part }) as const),
  )
}

test("after each of 20 turns with tools the end is in sight, whatever was asked in how many lines", async () => {
  const visited = await look()
  const { page } = visited
  const id = await openSession(visited)
  for (let turn = 1; turn <= 20; turn += 1) {
    await say(page, Array.from({ length: 1 + ((turn * 5) % 14) }, (_, n) => `Line ${n} of ${turn}`).join("\n"))
    await turnIsOver(visited, id, turn)
    expect(await gap(page)).toBe(0)
    work(visited, id, `Work${turn}`)
    await page.getByText(`Work${turn} begins.`).waitFor()
    expect(await gap(page)).toBe(0)
    expect(await latest(page).count()).toBe(0)
  }
})

test("the end stays in sight when the window or the room for the conversation gets smaller", async () => {
  const visited = await look({ phone: true })
  const { page, server } = visited
  const id = await openSession(visited)
  await say(page, "Do it")
  await turnIsOver(visited, id, 1)
  await page.setViewportSize({ width: 360, height: 400 })
  expect(await gap(page)).toBe(0)
  await prompt(page).fill("One\ntwo\nthree\nfour\nfive\nsix\nseven\neight")
  expect(await gap(page)).toBe(0)
  server.store.change(id, { type: "notice", level: "error", code: "x", message: "The disk is nearly full." })
  await page.getByText("The disk is nearly full.").waitFor()
  expect(await gap(page)).toBe(0)
  await say(page, "ask me")
  await page.getByRole("button", { name: "Allow once" }).waitFor()
  expect(await gap(page)).toBe(0)
  await page.setViewportSize({ width: 740, height: 360 })
  expect(await gap(page)).toBe(0)
})

test("a person who scrolls up a little is left there, and follows again from the end", async () => {
  const visited = await look()
  const { page } = visited
  const id = await openSession(visited)
  write(visited, id, "first", 60)
  await page.getByText("first 59").waitFor()
  expect(await gap(page)).toBe(0)
  await conversation(page).hover()
  await page.mouse.wheel(0, -20)
  await latest(page).waitFor()
  write(visited, id, "second", 30)
  await expect.poll(() => gap(page), SOON).toBeGreaterThan(500)
  await page.mouse.wheel(0, 100_000)
  await latest(page).waitFor({ state: "detached" })
  write(visited, id, "third", 30)
  await page.getByText("third 29").waitFor()
  expect(await gap(page)).toBe(0)
  await conversation(page).focus()
  await page.keyboard.press("PageUp")
  await expect.poll(() => gap(page), SOON).toBeGreaterThan(300)
  await latest(page).click()
  expect(await gap(page)).toBe(0)
})

test("what a person opened is not pushed out of sight by what follows", async () => {
  const visited = await look()
  const { page } = visited
  const id = await openSession(visited)
  await say(page, "Do it")
  await turnIsOver(visited, id, 1)
  const opened = page.getByRole("button", { name: /^Ran npm test/ })
  await opened.click()
  await page.getByText("Tests 2 passed (2)").waitFor()
  write(visited, id, "more", 60)
  await latest(page).waitFor()
  await gap(page)
  const box = await conversation(page).boundingBox()
  const button = await opened.boundingBox()
  expect(button?.y).toBeGreaterThanOrEqual(box?.y ?? Number.NaN)
})
