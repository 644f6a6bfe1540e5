import { type Browser, chromium } from "playwright-core"

/**
 * Starts a browser that talks to nobody but the pages it is sent to.
 * @param more further arguments of the program
 */
export async function openBrowser(more: readonly string[] = []): Promise<Browser> {
  return await chromium.launch({
    executablePath: "/usr/bin/chromium",
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
