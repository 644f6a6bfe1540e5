import type { Page } from "playwright-core"
import { describe, expect, test } from "vitest"
import { overhang, SOON, type Visit, violations, visits } from "./browser.ts"

const look = visits()

async function admin(page: string, options: Parameters<typeof look>[0] = {}): Promise<Visit> {
  const visited = await look(options)
  await visited.page.goto(`${visited.server.url}admin/${page}`)
  return visited
}

const dialog = (page: Page) => page.getByRole("dialog")

describe("the administration", () => {
  test("is not there for anybody but administrators", async () => {
    const { page, server } = await look()
    server.account.me = { ...server.account.me, role: "member" }
    const asked: string[] = []
    page.on("request", (request) => asked.push(request.url()))
    for (const path of ["users", "providers", "providers/anthropic", "new-provider", "audit"]) {
      await page.goto(`${server.url}admin/${path}`)
      await page.getByRole("heading", { name: "Nothing is here" }).waitFor()
    }
    expect(await page.getByText("Administration").count()).toBe(0)
    await page.keyboard.press("Control+k")
    await page.keyboard.type("adminis")
    await page.getByText("Nothing found").waitFor()
    expect(asked.filter((url) => /api\/(users|providers|audit)/.test(url))).toEqual([])
  })

  const screens = ["users", "providers", "providers/anthropic", "new-provider", "audit"]
  const looks = [{}, { dark: true }, { phone: true }]
  test.each(screens.flatMap((path) => looks.map((options) => [path, options] as const)))(
    "has no fault that axe finds on %s, and fits: %j",
    async (path, options) => {
      const { page } = await admin(path, options)
      await page.getByRole("navigation", { name: "Administration" }).waitFor()
      await expect.poll(() => page.locator(".skeleton").count(), SOON).toBe(0)
      expect(await violations(page)).toEqual([])
      expect(await overhang(page)).toBe(0)
    },
  )

  test("is reached by keyboard", async () => {
    const { page, server } = await look()
    await page.goto(server.url)
    await page.getByRole("heading", { name: "Sessions", exact: true }).waitFor()
    await page.keyboard.press("g")
    await page.keyboard.press("a")
    await page.getByRole("searchbox", { name: "Search users" }).waitFor()
    await page.keyboard.press("Control+k")
    await page.keyboard.type("audit")
    await page.keyboard.press("Enter")
    await page.getByRole("link", { name: "Export" }).waitFor()
  })

  test("says when something cannot be read, and tries again", async () => {
    const { page, server } = await look()
    let down = true
    await page.route("**/api/users?*", (route) => (down ? route.fulfill({ status: 400, body: "" }) : route.continue()))
    await page.goto(`${server.url}admin/users`)
    await page.getByText("The users could not be read").waitFor()
    expect(await violations(page)).toEqual([])
    down = false
    await page.getByRole("button", { name: "Try again" }).click()
    await page.getByText("Noor Petersen").waitFor()
  })
})

describe("users", () => {
  const menu = async (page: Page, name: string, entry: string) => {
    await page.getByRole("button", { name: `Actions for ${name}` }).click()
    await page.getByRole("menuitem", { name: entry }).click()
  }

  test("are found, get another role, are disabled and enabled", async () => {
    const { page, server } = await admin("users")
    const user = () => server.administration.users.find(({ name }) => name === "Noor Petersen")
    await page.getByRole("button", { name: "Show more" }).click()
    await page.getByText("Hilde Okeke").waitFor()
    await page.getByRole("searchbox", { name: "Search users" }).fill("noor")
    await expect.poll(() => page.getByRole("main").getByRole("listitem").count(), SOON).toBe(6)
    await menu(page, "Noor Petersen", "Change role…")
    await dialog(page)
      .getByRole("radio", { name: /^Another/ })
      .check()
    await dialog(page).getByLabel("Name of the role").fill("Data Science")
    await dialog(page).getByRole("button", { name: "Change role" }).click()
    await dialog(page).getByText("A role has small letters").waitFor()
    expect(await violations(page)).toEqual([])
    await dialog(page).getByLabel("Name of the role").fill("data-science")
    await dialog(page).getByRole("button", { name: "Change role" }).click()
    await page.getByText("Noor Petersen has another role from now on").waitFor()
    expect(user()?.role).toBe("data-science")
    await menu(page, "Noor Petersen", "Change name…")
    await dialog(page).getByLabel("Name").fill("Noor P. Petersen")
    await dialog(page).getByRole("button", { name: "Change name" }).click()
    await page.getByRole("button", { name: "Actions for Noor P. Petersen" }).waitFor()
    await menu(page, "Noor P. Petersen", "Change name…")
    await dialog(page).getByLabel("Name").fill("Noor Petersen")
    await page.keyboard.press("Enter")
    await page.getByRole("button", { name: "Actions for Noor Petersen" }).waitFor()
    await menu(page, "Noor Petersen", "Disable…")
    await dialog(page).getByRole("button", { name: "Disable" }).click()
    const row = page.getByRole("listitem").filter({ hasText: "Noor Petersen" })
    await row.getByText("Disabled").waitFor()
    expect(user()?.disabled).toBe(true)
    await menu(page, "Noor Petersen", "Enable…")
    await dialog(page).getByRole("button", { name: "Enable" }).click()
    await expect.poll(() => row.getByText("Disabled").count(), SOON).toBe(0)
  })

  test("are made with a one-time password that is shown once, and given another one", async () => {
    const { page, server } = await admin("users")
    await page.getByRole("button", { name: "New user" }).click()
    await dialog(page).getByLabel("E-mail").fill("bo@example.com")
    await dialog(page).getByRole("button", { name: "Create user" }).click()
    await dialog(page).getByText("There is an account with this address already.").waitFor()
    await dialog(page).getByLabel("E-mail").fill("kim@example.com")
    await dialog(page).getByLabel("Name", { exact: true }).fill("Kim")
    await dialog(page)
      .getByRole("radio", { name: /^readonly/ })
      .check()
    expect(await violations(page)).toEqual([])
    await dialog(page).getByRole("button", { name: "Create user" }).click()
    const password = dialog(page).getByRole("textbox", { name: "Password" })
    expect(await password.inputValue()).toBe("bcdfg-hjklm-npqrs-tvwxy")
    expect(server.administration.users.at(-1)).toMatchObject({
      email: "kim@example.com",
      name: "Kim",
      role: "readonly",
    })
    await dialog(page).getByRole("button", { name: "Done" }).click()
    await page.getByRole("searchbox", { name: "Search users" }).fill("kim")
    await menu(page, "Kim", "New password…")
    await dialog(page).getByRole("button", { name: "Create password" }).click()
    await dialog(page).getByText("For kim@example.com.").waitFor()
  })

  test("that are the last administrator stay it, and nobody disables himself", async () => {
    const { page } = await admin("users")
    await menu(page, "Ada Lindqvist", "Change role…")
    await dialog(page)
      .getByRole("radio", { name: /^member/ })
      .check()
    await dialog(page).getByRole("button", { name: "Change role" }).click()
    await dialog(page).getByText("This is the last administrator: make another one first.").waitFor()
    await page.keyboard.press("Escape")
    await page.getByRole("button", { name: "Actions for Ada Lindqvist" }).click()
    await page.getByRole("menuitem").first().waitFor()
    expect(await page.getByRole("menuitem").allTextContents()).toEqual([
      "Change name…",
      "Change role…",
      "What they did",
    ])
  })
})

describe("model providers", () => {
  const text = (page: Page) => page.getByRole("textbox", { name: /^Definition/ })

  test("are made, refused with every fault, saved without their secret, tried and deleted", async () => {
    const { page, server } = await admin("new-provider")
    await page.getByRole("button", { name: "OpenAI-compatible server" }).click()
    await page.getByRole("textbox", { name: "Id", exact: true }).fill("a b")
    await page.getByRole("button", { name: "Save" }).click()
    await page.getByText(/^An id has letters/).waitFor()
    await page.getByRole("textbox", { name: "Id", exact: true }).fill("pier")
    await text(page).fill('{ "npm": "pier", "options": { "baseURL": "pier" } }')
    await page.getByRole("button", { name: "Save" }).click()
    await page.getByText("It is not saved: 2 faults").waitFor()
    await page.getByText("providers.pier.options.baseURL: an http or https address is needed").waitFor()
    expect(await violations(page)).toEqual([])
    const good = {
      npm: "@ai-sdk/openai-compatible",
      options: { baseURL: "https://pier.example/v1", apiKey: "hunter2" },
    }
    await text(page).fill(JSON.stringify(good))
    await page.getByRole("button", { name: "Save" }).click()
    await page.getByText("pier is saved").waitFor()
    await expect.poll(() => text(page).inputValue(), SOON).toContain('"apiKey": "%%SECRET%%"')
    expect(page.url()).toBe(`${server.url}admin/providers/pier`)
    await page.getByRole("button", { name: "Test pier" }).click()
    await page.getByRole("status").getByText("It answered 401.").waitFor()
    await page.getByRole("link", { name: "All providers" }).click()
    await page.getByRole("button", { name: "Delete pier" }).click()
    await dialog(page).getByRole("button", { name: "Delete" }).click()
    await page.getByText("pier is deleted").waitFor()
    await expect.poll(() => page.getByRole("link", { name: "pier" }).count(), SOON).toBe(0)
  })

  test("say where their JSON is broken, and lead there", async () => {
    const { page } = await admin("providers/anthropic")
    await text(page).fill('{\n  "npm": "@ai-sdk/anthropic",\n  oops\n}')
    await page.getByText(/^Line 3, column 3: /).waitFor()
    await page.getByRole("button", { name: "Save" }).click()
    expect(await text(page).evaluate((field: HTMLTextAreaElement) => field.selectionStart)).toBe(34)
    await page.getByRole("button", { name: "Discard changes" }).click()
    await expect.poll(() => text(page).inputValue(), SOON).toContain("%%SECRET%%")
  })

  test("of the values say so, are replaced by what is saved, and cannot be deleted", async () => {
    const { page, server } = await admin("providers")
    await page.getByRole("button", { name: "Test harbour" }).click()
    await page.getByText("The provider answers.").waitFor()
    expect(await page.getByRole("button", { name: "Delete harbour" }).count()).toBe(0)
    await page.getByRole("link", { name: "View harbour" }).click()
    await page.getByText("It comes from the installation’s values").waitFor()
    await text(page).fill('{"npm": "@ai-sdk/openai-compatible", "options": {"baseURL": "https://new.example"}}')
    await page.getByRole("button", { name: "Save in place of the values" }).click()
    await page.getByText("harbour is saved").waitFor()
    expect(server.administration.providers.map(({ id, source }) => `${id} ${source}`)).toContain("harbour database")
  })

  test("show why agents do not get one, and what to know about one that they get", async () => {
    const { page, server } = await admin("providers")
    await page.getByText("1 warning").waitFor()
    const [harbour] = server.administration.providers
    if (harbour === undefined) throw new Error("no provider is seeded")
    const fault = "providers.harbour.models.pilot-large.limit.output: Missing key"
    server.administration.providers = [{ ...harbour, faults: [fault] }]
    await page.reload()
    await page.getByText("Not in use").waitFor()
    await page.getByRole("link", { name: "View harbour" }).click()
    await page.getByRole("alert").getByText(fault).waitFor()
    await page.getByText(/OpenCode asks for 32,000 tokens/).waitFor()
    expect(await violations(page)).toEqual([])
  })

  test("whose answer decides nothing are not called broken", async () => {
    const { page } = await admin("providers")
    const message = "The provider gives no list of models (HTTP 404)."
    await page.route("**/api/providers/harbour/test", (route) =>
      route.fulfill({ json: { ok: false, verdict: "unknown", status: 400, message } }),
    )
    await page.getByRole("button", { name: "Test harbour" }).click()
    const result = page.getByRole("status").filter({ hasText: message })
    await result.waitFor()
    expect(await result.textContent()).not.toContain("It answered")
    expect(await violations(page)).toEqual([])
  })

  test("that are missing are the first thing to add", async () => {
    const { page, server } = await look()
    server.administration.providers = []
    await page.goto(`${server.url}admin/providers`)
    await page.getByRole("heading", { name: "No model provider is configured" }).waitFor()
    await page.goto(`${server.url}admin/providers/gone`)
    await page.getByText('There is no model provider "gone".').waitFor()
  })
})

describe("the audit log", () => {
  const events = (page: Page) => page.getByRole("list", { name: "Events" }).getByRole("listitem")

  test("is narrowed, paged, opened and exported", async () => {
    const { page, server } = await admin("audit")
    await expect.poll(() => events(page).count(), SOON).toBe(50)
    await page.getByRole("button", { name: "Show older" }).click()
    await expect.poll(() => events(page).count(), SOON).toBe(100)
    await page.getByLabel("Outcome").selectOption("refused")
    await page.getByLabel("What").selectOption("credential.")
    await expect.poll(() => events(page).count(), SOON).toBe(14)
    expect(page.url()).toBe(`${server.url}admin/audit?action=credential.&outcome=refused`)
    await events(page).first().locator("summary").focus()
    await page.keyboard.press("Enter")
    await page.getByText("not of this session", { exact: true }).first().waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByRole("button", { name: "All about this session" }).first().click()
    await page.getByRole("button", { name: "Session: ses_0" }).waitFor()
    const href = await page.getByRole("link", { name: "Export" }).getAttribute("href")
    expect(href).toBe(`${server.url}api/audit/export?action=credential.&outcome=refused&sessionId=ses_0`)
    await page.getByLabel("What").selectOption("token.")
    await page.getByText("No event matches.").waitFor()
    await page.getByRole("button", { name: "Clear the filters" }).click()
    await expect.poll(() => events(page).count(), SOON).toBe(100)
    expect(page.url()).toBe(`${server.url}admin/audit`)
  })

  test("tells how far it is sealed, and warns when it no longer is", async () => {
    const { page, server } = await admin("audit")
    await page.getByText(/Sealed up to event 4988, .+; 12 events since\./).waitFor()
    expect(await page.getByText("The audit log is not being sealed").count()).toBe(0)
    const { seal } = server.administration
    server.administration.seal = { ...seal, unsealed: { events: 700, oldestAt: Date.now() - 12 * 60_000 } }
    await page.reload()
    await page.getByText(/The audit log is not being sealed: the first event that waits is from 1\dm ago/).waitFor()
    expect(await violations(page)).toEqual([])
    server.administration.seal = { checkpoint: null, unsealed: { events: 0, oldestAt: null } }
    await page.reload()
    await page.getByText("Nothing is sealed yet.").waitFor()
  })

  test("shows what one person did, from the list of users", async () => {
    const { page } = await admin("users")
    await page.getByRole("button", { name: "Actions for Bo Okafor" }).click()
    await page.getByRole("menuitem", { name: "What they did" }).click()
    await page.getByRole("button", { name: "By: bo@example.com" }).waitFor()
    await expect.poll(() => page.getByText("session.delete").count(), SOON).toBe(13)
    expect(await events(page).count()).toBe(13)
  })
})
