import type { Locator, Page } from "playwright-core"
import { describe, expect, test } from "vitest"
import { SOON, type Visit, visits } from "./browser.ts"

const look = visits()

/** What is cut off or sticks out of the open dialog, by its text. An input scrolls what it holds. */
function cutOff(page: Page): Promise<string[]> {
  return page.getByRole("dialog").evaluate((dialog) => {
    const box = dialog.getBoundingClientRect()
    const bad = (one: Element) => {
      const { left, right } = one.getBoundingClientRect()
      return (
        left < box.left - 1 ||
        right > box.right + 1 ||
        (one.tagName !== "INPUT" && one.scrollWidth > one.clientWidth + 1)
      )
    }
    const parts = [dialog, ...dialog.querySelectorAll("p, h2, label, button, .dialog-body, .dialog-body > *")]
    return parts.filter((one) => one.clientWidth > 1 && bad(one)).map((one) => `${one.tagName} ${one.textContent}`)
  })
}

/** What a dialog takes over from what surrounds it changes how it looks. */
const inherited = (dialog: Locator) =>
  dialog.evaluate((one) => {
    const style = getComputedStyle(one)
    const body = getComputedStyle(document.body)
    const names = ["whiteSpace", "textAlign", "fontSize", "fontWeight", "lineHeight", "textTransform"] as const
    return names.filter((name) => style[name] !== body[name])
  })

async function select({ page, server }: Visit, title: string): Promise<void> {
  await page.goto(server.url)
  const row = page.getByRole("main").getByRole("listitem").filter({ hasText: title })
  await row.hover()
  await row.getByRole("checkbox").check()
  await page.getByText("1 selected").waitFor()
}

const bulk = (page: Page, name: string) =>
  page.getByRole("region", { name: "Selected sessions" }).getByRole("button", { name })

describe("the dialogs of what is done with several sessions", () => {
  test("can be read, and their buttons pressed: stop", async () => {
    const visited = await look()
    const { page, server } = visited
    await select(visited, "Ask before changing the tide tables")
    await bulk(page, "Stop").click()
    await page.getByRole("dialog").waitFor()
    expect(await cutOff(page)).toEqual([])
    await page.getByRole("dialog").getByRole("button", { name: "Stop" }).click()
    await page.getByText("1 session stopping").waitFor()
    const status = () => server.store.all().find((one) => one.title.startsWith("Ask before"))?.status
    await expect.poll(status, SOON).toBe("stopped")
  })

  test("can be read, and their buttons pressed: delete", async () => {
    const visited = await look()
    const { page, server } = visited
    await select(visited, "Ask before changing the tide tables")
    await bulk(page, "Delete").click()
    await page.getByRole("dialog").waitFor()
    expect(await cutOff(page)).toEqual([])
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click()
    await page.getByText("1 session deleted").waitFor()
    expect(server.store.all().map((one) => one.title)).not.toContain("Ask before changing the tide tables")
  })
})

/** How to open every other dialog, by its title. */
const DIALOGS: readonly (readonly [title: string | RegExp, path: string, open: (page: Page) => Promise<void>])[] = [
  ["New API token", "settings", (page) => page.getByRole("button", { name: "New token" }).click()],
  [/name/i, "settings", (page) => page.getByRole("button", { name: "Change name" }).click()],
  [/password/i, "settings", (page) => page.getByRole("button", { name: "Change password" }).click()],
  [/Rename/, "sessions/:id", (page) => fromMenu(page, "Rename…")],
  [/Delete/, "sessions/:id", (page) => fromMenu(page, "Delete…")],
  [/watch/, "sessions/:id", (page) => fromMenu(page, "Who can watch")],
  [/Keyboard/, "", (page) => page.keyboard.press("?")],
  [/./, "", (page) => page.keyboard.press("Control+k")],
  [
    /user/i,
    "admin/users",
    (page) =>
      page
        .getByRole("button", { name: /Add|New/ })
        .first()
        .click(),
  ],
]

async function fromMenu(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name: "More" }).click()
  await page.getByRole("menuitem", { name: new RegExp(name.replace("…", "")) }).click()
}

test.each(DIALOGS.flatMap((dialog) => [false, true].map((phone) => [...dialog, phone] as const)))(
  "a dialog looks the same whatever opened it, and nothing of it is cut off: %s at /%s",
  async (title, path, open, phone) => {
    const { page, server } = await look({ phone })
    await page.goto(`${server.url}${path.replace(":id", server.store.all()[0]?.id ?? "")}`)
    await page.locator("h1").first().waitFor()
    await open(page)
    const dialog = page.getByRole("dialog", { name: title })
    await dialog.waitFor()
    expect(await inherited(dialog)).toEqual([])
    expect(await cutOff(page)).toEqual([])
  },
)
