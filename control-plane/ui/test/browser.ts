import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { AxeBuilder } from "@axe-core/playwright"
import type { Browser, BrowserContext, Locator, Page } from "playwright-core"
import { build } from "vite"
import { afterAll, afterEach, beforeAll, expect } from "vitest"
import { launchChromium } from "../../../dev/ui/chromium.ts"
import { type ScriptedServer, startScriptedServer } from "../../../dev/ui/scripted-server.ts"

interface Bench {
  readonly browser: Browser
  /** Where the UI has been built. */
  readonly directory: string
  close(): Promise<void>
}

/** Builds the UI into a folder of its own and starts Chromium. */
async function openBench(): Promise<Bench> {
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

/** Runs in the page: what is said for some seconds must not be missed on a machine that stands still for as long. */
function keepToasts({ shown_ms, kept_ms }: { shown_ms: number; kept_ms: number }): void {
  const { setTimeout: later } = window
  const patient = (run: TimerHandler, delay_ms?: number, ...rest: unknown[]) =>
    later(run, delay_ms === shown_ms ? kept_ms : delay_ms, ...rest)
  window.setTimeout = patient as typeof window.setTimeout
}

/** A server of its own under a path prefix, and a page that looks at it. `expected`: complaints that the test asks for. */
async function visit(
  bench: Bench,
  options: { empty?: boolean; signedIn?: boolean; phone?: boolean; dark?: boolean; expected?: RegExp } = {},
): Promise<Visit> {
  const { empty = false, signedIn = true, phone = false, dark = false, expected } = options
  const server = await startScriptedServer({ directory: bench.directory, prefix: "/some/where/", speed: 0.02, empty })
  const viewport = phone ? { width: 360, height: 740 } : { width: 1280, height: 800 }
  const context = await bench.browser.newContext({
    viewport,
    hasTouch: phone,
    reducedMotion: "reduce",
    colorScheme: dark ? "dark" : "light",
  })
  await context.addInitScript(keepToasts, { shown_ms: TOAST_MS, kept_ms: 120_000 })
  if (signedIn) await context.addCookies([{ name: "berth", value: "1", url: server.url }])
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  const complaints: string[] = []
  page.on("pageerror", (error) => complaints.push(error.message))
  page.on("console", (message) => {
    if (message.type() !== "error" || /Failed to load resource/.test(message.text())) return
    if (!expected?.test(message.text())) complaints.push(message.text())
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

/** For how long a toast with good news is shown; see src/design/toasts.tsx. */
const TOAST_MS = 4_000
/** How long a condition may take to become true on a busy machine. */
export const SOON = { timeout: 60_000 }

/**
 * Builds the UI and starts Chromium for all tests of a file. What it returns makes a visit, which is closed after its
 * test; a page that complained fails it.
 */
export function visits(): (options?: Parameters<typeof visit>[1]) => Promise<Visit> {
  let bench: Bench
  let open: Visit | null = null
  beforeAll(async () => {
    bench = await openBench()
  })
  afterAll(() => bench.close())
  afterEach(async () => {
    const complaints = open?.complaints ?? []
    await open?.close()
    open = null
    expect(complaints).toEqual([])
  })
  return async (options = {}) => {
    open = await visit(bench, options)
    return open
  }
}

/** What axe finds wrong with the page as it is now. */
export async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze()
  return found.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.target.join(" ")).join(", ")}`)
}

/**
 * Scrolls a list to its beginning until that shows `target`. Once is not enough: a list that has just been opened still
 * looks for its end while it measures its rows, and takes such a jump back.
 */
export async function scrollUpTo(list: Locator, target: Locator): Promise<void> {
  const seen = () =>
    target.waitFor({ timeout: 5_000 }).then(
      () => true,
      () => false,
    )
  await expect
    .poll(async () => {
      await list.evaluate((box) => box.scrollTo(0, 0))
      return await seen()
    }, SOON)
    .toBe(true)
}

/** How far the page is wider than its window, in CSS pixels: nothing may have to be scrolled sideways. */
export function overhang(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement
    const main = document.querySelector("main")
    const inner = [...(main?.querySelectorAll(".page") ?? [])].map((box) => box.scrollWidth - box.clientWidth)
    return Math.max(scrollWidth - clientWidth, ...inner)
  })
}
