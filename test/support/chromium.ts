import { type Browser, chromium, type LaunchOptions } from "playwright-core"

/** Debian's Chromium. */
export const chromiumPath = "/usr/bin/chromium"

/** Starts a browser that talks to nobody but the pages it is sent to. */
export async function openBrowser(
  options: Pick<LaunchOptions, "args" | "executablePath" | "env"> = {},
): Promise<Browser> {
  return await chromium.launch({
    executablePath: chromiumPath,
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
