import { join } from "node:path"
import type { Browser, Page } from "playwright-core"
import { repositoryRoot } from "../../../../scripts/lib/paths.ts"

const timeout_ms = 120_000

/** A page of its own, without what others have stored, and the faults that it reports. */
export async function openPage(browser: Browser, url: string): Promise<{ page: Page; faults: string[] }> {
  const context = await browser.newContext({ baseURL: url, viewport: { width: 1280, height: 900 } })
  const page = await context.newPage()
  page.setDefaultTimeout(timeout_ms)
  const faults: string[] = []
  page.on("pageerror", (error) => faults.push(String(error)))
  page.on("console", (message) => {
    // Answers of 401 before signing in are part of finding out who one is.
    if (message.type() === "error" && !message.text().includes("401")) faults.push(message.text())
  })
  return { page, faults }
}

/** Keeps a picture of what was there when a test failed. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(repositoryRoot, "dist", "test", `${name}.png`), fullPage: true })
}
