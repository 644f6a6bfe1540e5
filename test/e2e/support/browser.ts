import { join } from "node:path"
import { type Browser, chromium, type Page } from "playwright-core"
import { repositoryRoot } from "../../../scripts/lib/paths.ts"

const executable = "/usr/bin/chromium"
const timeout_ms = 20_000

/**
 * Starts a browser that talks to nobody but the pages it is sent to.
 * @param more further arguments of the program
 */
export async function openBrowser(more: readonly string[] = []): Promise<Browser> {
  return await chromium.launch({
    executablePath: executable,
    args: [
      "--no-sandbox", // there is no user namespace for it where tests run as root
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
      ...more,
    ],
  })
}

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
