import { type Browser, chromium, type LaunchOptions } from "playwright-core"

/** Debian's Chromium. */
export const chromiumPath = "/usr/bin/chromium"

const start_timeout_ms = 120_000

/** Starts a browser that talks to nobody but the pages it is sent to. */
export async function openBrowser(
  options: Pick<LaunchOptions, "args" | "executablePath" | "env"> = {},
): Promise<Browser> {
  return await chromium.launch({
    executablePath: chromiumPath,
    timeout: start_timeout_ms,
    ...options,
    args: [
      "--no-sandbox", // there is no user namespace for it where tests run as root
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
      ...(options.args ?? []),
    ],
  })
}
