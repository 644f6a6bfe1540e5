import type { Page } from "playwright-core"
import { expect, test } from "vitest"
import { makeSession } from "../../../dev/ui/seed.ts"
import { SOON, type Visit, visits } from "./browser.ts"

const look = visits()

const prompt = (page: Page) => page.getByRole("textbox", { name: "Prompt" })

/** So many sessions, each in a window of its own that is seen. */
async function openWindows({ context, server }: Visit, count: number): Promise<{ id: string; page: Page }[]> {
  const windows: { id: string; page: Page }[] = []
  for (let n = 0; n < count; n += 1) {
    const { id } = makeSession(`Harbour ${n}`, Date.now())
    server.store.add({ ...makeSession(`Harbour ${n}`, Date.now()), id })
    const page = await context.newPage()
    page.setDefaultTimeout(120_000)
    await page.goto(`${server.url}sessions/${id}`)
    await prompt(page).waitFor()
    windows.push({ id, page })
  }
  return windows
}

test.each([3, 6, 10])(
  "%i windows over HTTP/1.1 send prompts and show the answers, over one stream",
  async (count) => {
    const visited = await look()
    const windows = await openWindows(visited, count)
    await expect.poll(() => visited.server.streams(), SOON).toBe(1)
    await Promise.all(
      windows.map(async ({ page }, n) => {
        await prompt(page).fill(`long ${20 + n}`)
        await prompt(page).press("Enter")
        await page
          .getByText(`word${19 + n}`)
          .last()
          .waitFor()
        await page.getByRole("button", { name: "Copy answer" }).waitFor()
      }),
    )
    await expect.poll(() => visited.server.streams(), SOON).toBe(1)
  },
  240_000,
)

test("two windows of one session show the same, and each goes on where it was after the connection was cut", async () => {
  const visited = await look()
  const { server, context } = visited
  const [first] = await openWindows(visited, 1)
  if (!first) throw new Error("a window was opened")
  const second = await context.newPage()
  second.setDefaultTimeout(120_000)
  await prompt(first.page).fill("long 300")
  await prompt(first.page).press("Enter")
  await first.page.getByText("word30").first().waitFor()
  await second.goto(`${server.url}sessions/${first.id}`)
  await second.getByText("word30").first().waitFor()
  server.cut()
  await first.page.getByText("Connection lost").waitFor()
  await second.getByText("Connection lost").waitFor()
  server.mend()
  for (const page of [first.page, second]) {
    await page.getByRole("button", { name: "Copy answer" }).waitFor()
    const text = await page.getByRole("region", { name: "Conversation" }).innerText()
    const words = [...text.matchAll(/word(\d+)/g)].map(([, word]) => Number(word))
    expect(words.filter((word, n) => n > 0 && word !== (words[n - 1] ?? 0) + 1)).toEqual([])
    expect(words.at(-1)).toBe(299)
  }
})

test("a browser without shared workers follows all the same", async () => {
  const visited = await look()
  const { context, server } = visited
  await context.addInitScript(() => Reflect.deleteProperty(window, "SharedWorker"))
  const [first] = await openWindows(visited, 1)
  await prompt(first?.page as Page).fill("long 20")
  await prompt(first?.page as Page).press("Enter")
  await first?.page.getByRole("button", { name: "Copy answer" }).waitFor()
  expect(server.streams()).toBe(1)
})

test("a worker that cannot be loaded is done without", async () => {
  const visited = await look({ expected: /worker/i })
  const { context } = visited
  await context.addInitScript(() => {
    const { SharedWorker: Real } = window
    window.SharedWorker = class extends Real {
      constructor(_url: string | URL, options?: string | WorkerOptions) {
        super("assets/missing.js", options)
      }
    }
  })
  const [first] = await openWindows(visited, 1)
  await prompt(first?.page as Page).fill("long 20")
  await prompt(first?.page as Page).press("Enter")
  await first?.page.getByRole("button", { name: "Copy answer" }).waitFor()
})
