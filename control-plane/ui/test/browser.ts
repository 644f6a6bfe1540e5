import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Browser, BrowserContext, Page } from "playwright-core"
import { build } from "vite"
import { launchChromium } from "../dev/chromium.ts"
import { type ScriptedServer, startScriptedServer } from "../dev/scripted-server.ts"

export interface Bench {
  readonly browser: Browser
  /** Where the UI has been built. */
  readonly directory: string
  close(): Promise<void>
}

/** Builds the UI into a folder of its own and starts Chromium. */
export async function openBench(): Promise<Bench> {
  const directory = await mkdtemp(join(tmpdir(), "berth-ui-"))
  const configFile = fileURLToPath(new URL("../vite.config.ts", import.meta.url))
  await build({ configFile, logLevel: "error", build: { outDir: directory } })
  const browser = await launchChromium()
  return {
    browser,
    directory,
    async close() {
      await browser.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

export interface Visit {
  readonly server: ScriptedServer
  readonly context: BrowserContext
  readonly page: Page
  /** What the page complained about, without refusals that the test asks for. */
  readonly complaints: readonly string[]
  close(): Promise<void>
}

/** A server of its own under a path prefix, and a page that looks at it. */
export async function visit(
  bench: Bench,
  options: { empty?: boolean; signedIn?: boolean; phone?: boolean } = {},
): Promise<Visit> {
  const { empty = false, signedIn = true, phone = false } = options
  const server = await startScriptedServer({ directory: bench.directory, prefix: "/some/where/", speed: 0.02, empty })
  const viewport = phone ? { width: 360, height: 740 } : { width: 1280, height: 800 }
  const context = await bench.browser.newContext({ viewport, hasTouch: phone, reducedMotion: "reduce" })
  if (signedIn) await context.addCookies([{ name: "berth", value: "1", url: server.url }])
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const complaints: string[] = []
  page.on("pageerror", (error) => complaints.push(error.message))
  page.on("console", (message) => {
    if (message.type() === "error" && !/Failed to load resource/.test(message.text())) complaints.push(message.text())
  })
  return {
    server,
    context,
    page,
    complaints,
    async close() {
      await context.close()
      await server.close()
    },
  }
}
