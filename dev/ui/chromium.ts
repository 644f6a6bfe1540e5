import { type Browser, chromium } from "playwright-core"

/** Starts the Chromium of the machine (or the one at CHROMIUM), which then speaks to nobody but the page. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-background-networking"],
  })
}
