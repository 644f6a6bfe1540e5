import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Browser, Page } from "playwright-core"
import { launchChromium } from "./chromium.ts"
import { account } from "./screenshots-account.ts"
import { type ScriptedServer, startScriptedServer } from "./scripted-server.ts"

// Pictures of every screen, to be looked at:
// node dev/ui/screenshots.ts <directory> [light|dark|phone|all] [sessions|account]

const [directory = "screenshots", only = "all", part] = process.argv.slice(2)
const LOOKS = [
  { name: "light", colorScheme: "light", width: 1360, height: 860 },
  { name: "dark", colorScheme: "dark", width: 1360, height: 860 },
  { name: "phone", colorScheme: "light", width: 360, height: 740 },
] as const

const dist = process.env.BERTH_UI_DIR ?? fileURLToPath(new URL("../../dist/control-plane/ui", import.meta.url))
await mkdir(directory, { recursive: true })
const browser = await launchChromium()
for (const look of LOOKS) if (only === "all" || only === look.name) await take(browser, look)
await browser.close()

async function take(browser: Browser, look: (typeof LOOKS)[number]): Promise<void> {
  const server = await startScriptedServer({ directory: dist })
  const context = await browser.newContext({
    colorScheme: look.colorScheme,
    viewport: { width: look.width, height: look.height },
    deviceScaleFactor: 1,
    hasTouch: look.name === "phone",
  })
  const page = await context.newPage()
  page.on("console", (message) => message.type() === "error" && console.log(look.name, message.text()))
  page.on("pageerror", (error) => console.log(look.name, error.stack))
  const shot = async (name: string) => {
    await page.waitForTimeout(250)
    await page.screenshot({ path: join(directory, `${look.name}-${name}.png`) })
  }
  await signIn(page, server, shot)
  if (part !== "account") await sessions(page, server, shot)
  if (part !== "sessions") await account({ page, server, shot })
  await context.close()
  await server.close()
}

type Shot = (name: string) => Promise<void>

async function signIn(page: Page, server: ScriptedServer, shot: Shot): Promise<void> {
  await page.goto(server.url)
  await page.getByLabel("E-mail").fill("ada@example.com")
  await page.getByLabel("Password").fill("wrong")
  await page.getByRole("button", { name: "Sign in" }).click()
  await page.getByRole("alert").waitFor()
  await shot("01-sign-in")
  await page.getByLabel("Password").fill("berth")
  await page.getByRole("button", { name: "Sign in" }).click()
  await page.getByRole("heading", { name: "Sessions", exact: true }).waitFor()
  await shot("02-list")
}

async function sessions(page: Page, server: ScriptedServer, shot: Shot): Promise<void> {
  await page.keyboard.press("Control+k")
  await page.keyboard.type("the")
  await shot("03-palette")
  await page.keyboard.press("Escape")
  await page.goto(`${server.url}new`)
  await page.getByRole("heading", { name: "What should" }).waitFor()
  await shot("04-new")
  await page
    .getByRole("textbox", { name: "Prompt" })
    .fill("Fix the double release and ask before you install anything. Then question me.")
  await page.getByLabel("Repository").fill("https://git.example.com/harbour/berths.git")
  await page.keyboard.press("Control+Enter")
  await page.getByText("Starting the session").waitFor()
  await page.waitForTimeout(1500)
  await shot("05-starting")
  await page.getByRole("button", { name: "Allow once" }).waitFor({ timeout: 20_000 })
  await page.getByRole("textbox", { name: "Prompt" }).fill("And update the changelog.")
  await page.keyboard.press("Control+Enter")
  await shot("06-permission")
  await page.getByRole("button", { name: "Allow once" }).click()
  await page.getByRole("button", { name: "Answer", exact: true }).waitFor()
  await shot("07-question")
  await page.getByText("release/2.4", { exact: true }).click()
  await page.getByRole("button", { name: "Answer", exact: true }).click()
  await page.getByText("Edited").first().click()
  await shot("08-working")
  await page.getByText("See the guide").first().waitFor({ timeout: 30_000 })
  await shot("09-answer")
  for (const [index, one] of server.store.all().entries()) {
    if (index === 3 || index === 4 || index === 5 || index === 0) {
      await page.goto(`${server.url}sessions/${one.id}`)
      await page.waitForTimeout(600)
      await shot(`1${index}-session`)
    }
  }
}
