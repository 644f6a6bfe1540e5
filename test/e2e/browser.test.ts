import type { Browser, Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, expect, test } from "vitest"
import { keepPicture, openPage } from "./support/browser/page.ts"
import { openSecludedBrowser } from "./support/browser/secluded.ts"
import { createCleanup } from "./support/cleanup.ts"
import { type Installation, openInstallation } from "./support/installation.ts"
import { seeGone } from "./support/session.ts"

const start_timeout_ms = 240_000
const turn_timeout_ms = 180_000

const cleanup = createCleanup()
let installation: Installation
let browser: Browser
let page: Page
let faults: string[]
beforeAll(async () => {
  installation = await openInstallation()
  const { host } = new URL(installation.url)
  browser = await openSecludedBrowser(cleanup, { [host]: host })
  const opened = await openPage(browser, installation.url)
  page = opened.page
  faults = opened.faults
})
afterEach(async ({ task }) => {
  if (task.result?.state === "fail") await keepPicture(page, "browser")
})
afterAll(cleanup.run)

// Reading a file of secrets is what OpenCode asks for before it does it.
const prompt = "write: .env :: COLOUR=blue\nread: .env\nslow: 60 100"

test("the main job in a browser: sign in, new session, live answer, permission, stop, start, delete", async () => {
  await page.goto("/")
  await signInWrongly()
  await page.getByLabel("Password").fill(installation.password)
  await page.getByRole("button", { name: "Sign in" }).click()

  await page.getByRole("link", { name: "New session" }).first().click()
  await page.getByLabel("Prompt").fill(prompt)
  await page.getByLabel("Repository").fill(installation.repository)
  const steps = page.getByRole("region", { name: "Start-up" }).getByText("Prepare the workspace").waitFor()
  await Promise.all([steps, page.getByRole("button", { name: "Start session" }).click()])
  const id = await sessionId()

  await page.getByRole("button", { name: "Allow once" }).waitFor({ timeout: start_timeout_ms })
  await status("Needs you")
  // The answer grows while the agent works: its beginning is there before its end. Playwright may look too late for that, so
  // the page itself does: its text up to then, each time that it has changed.
  const [before] = await Promise.all([
    page.evaluate<string>(textBefore("word59")),
    page.getByRole("button", { name: "Allow once" }).click(),
  ])
  expect(before).toContain("word3 ")
  await page.getByText("word59").first().waitFor({ timeout: turn_timeout_ms })
  await status("Ready")

  await page.getByRole("button", { name: "Stop", exact: true }).click()
  await status("Stopped")
  await page.getByText("word59").first().waitFor()
  await page.getByLabel("Prompt", { exact: true }).last().fill("say: after the pause")
  await page.getByRole("button", { name: "Start and send" }).click()
  await page.locator("p", { hasText: /^after the pause$/ }).waitFor({ timeout: start_timeout_ms })

  const objects = await installation.kube.objectsOf(id)
  await page.getByRole("button", { name: "More" }).click()
  await page.getByRole("menuitem", { name: "Delete…" }).click()
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click()
  await seeGone(installation, objects)
  await page.goto("/")
  await page.getByRole("heading", { name: "Sessions", exact: true }).waitFor()
  expect(await page.locator(`a[href*="${id}"]`).count()).toBe(0)
  expect(faults).toEqual([])
})

test("a session that cannot start says why, what to do, and offers to try again", async () => {
  const missing = installation.repository.replace(/[^/]+$/, "no-such-repository.git")
  const { id } = await installation.client.create({ repository: { url: missing }, private: true })
  await page.goto(`/sessions/${id}`)
  const card = page.getByRole("alert").filter({ hasText: "no-such-repository" })
  await card.waitFor({ timeout: start_timeout_ms })
  await card.getByRole("button", { name: "Retry" }).waitFor()
  const objects = await installation.kube.objectsOf(id)
  await installation.client.remove(id)
  await seeGone(installation, objects)
})

/** For the page: its whole text as it was last without `words`, once they are there. */
function textBefore(words: string): string {
  return `new Promise((resolve) => {
    let before = ""
    const look = () => {
      const text = document.body.textContent
      if (text.includes(${JSON.stringify(words)})) resolve(before)
      before = text
    }
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true })
  })`
}

async function signInWrongly(): Promise<void> {
  await page.getByLabel("E-mail").fill(installation.email)
  await page.getByLabel("Password").fill("not the password")
  await page.getByRole("button", { name: "Sign in" }).click()
  await page.getByRole("alert").waitFor()
  faults.length = 0
}

async function sessionId(): Promise<string> {
  await page.waitForURL(/ses_[a-z0-9]+/)
  return /ses_[a-z0-9]+/.exec(page.url())?.[0] ?? ""
}

async function status(words: string): Promise<void> {
  await page.locator(".session-header").getByText(words).waitFor({ timeout: turn_timeout_ms })
}
