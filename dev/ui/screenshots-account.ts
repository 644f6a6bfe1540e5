import type { Page } from "playwright-core"
import type { ScriptedServer } from "./scripted-server.ts"

interface Look {
  readonly page: Page
  readonly server: ScriptedServer
  readonly shot: (name: string) => Promise<void>
}

/** Pictures of the settings and of the administration. */
export async function account(look: Look): Promise<void> {
  await newSession(look)
  await settings(look)
  await users(look)
  await providers(look)
  await audit(look)
}

async function newSession({ page, server, shot }: Look): Promise<void> {
  await page.goto(`${server.url}new`)
  await page.getByRole("textbox", { name: "Prompt" }).fill("Sort the tide tables by harbour, then run the tests.")
  await page.getByText(/^More:/).click()
  await page.getByLabel("How its token is used").selectOption("bearer_env")
  await page.getByRole("checkbox", { name: "database.env" }).check()
  await page.getByRole("button", { name: "Add variable" }).click()
  await page.getByLabel("Name of variable 1").fill("LEVEL")
  await page.getByLabel("Value of LEVEL").fill("debug")
  await shot("15-new-more")
  await page.getByLabel("Commits of history").scrollIntoViewIfNeeded()
  await shot("16-new-end")
  const { providers } = server.administration
  server.administration.providers = []
  await page.reload()
  await page.getByText("No model provider").waitFor()
  await shot("17-no-provider")
  server.administration.providers = providers
}

async function settings({ page, server, shot }: Look): Promise<void> {
  await page.goto(`${server.url}settings`)
  await page.getByText("Chrome on Linux").first().waitFor()
  await shot("20-settings")
  await page.getByText("Chrome on Linux").first().scrollIntoViewIfNeeded()
  await shot("21-settings-end")
  await page.getByRole("button", { name: "New token" }).click()
  await shot("22-new-token")
  await page.getByRole("textbox", { name: "Name" }).fill("Release notes")
  await page.getByRole("button", { name: "Create token" }).click()
  await page.getByRole("textbox", { name: "Token" }).waitFor()
  await shot("23-token")
  await page.getByRole("button", { name: "Done" }).click()
  await page.getByRole("button", { name: "Change password…" }).click()
  await shot("24-password")
  await page.keyboard.press("Escape")
  server.account.accounts = server.account.accounts.map((one) => ({ ...one, brokenReason: "GitHub ended the grant." }))
  await page.reload()
  await page.getByText("Link again").first().waitFor()
  await shot("25-link-again")
  server.account.accounts = []
  server.account.hosts = []
  await page.reload()
  await page.getByText("No git host").waitFor()
  await shot("26-no-host")
  server.account.me = { ...server.account.me, mustChangePassword: true }
  await page.reload()
  await page.getByRole("heading", { name: "Choose a password" }).waitFor()
  await shot("27-must-change")
  server.account.me = { ...server.account.me, mustChangePassword: false }
}

async function users({ page, server, shot }: Look): Promise<void> {
  await page.goto(`${server.url}admin/users`)
  await page.getByText("Noor Petersen").waitFor()
  await shot("30-users")
  await page.getByRole("button", { name: "Actions for Noor Petersen" }).click()
  await shot("31-user-menu")
  await page.getByRole("menuitem", { name: "Change role…" }).click()
  await shot("32-role")
  await page.keyboard.press("Escape")
  await page.getByRole("button", { name: "New user" }).click()
  await shot("33-new-user")
  await page.getByLabel("E-mail").fill("kim@example.com")
  await page.getByRole("button", { name: "Create user" }).click()
  await page.getByRole("textbox", { name: "Password" }).waitFor()
  await shot("34-one-time")
  await page.getByRole("button", { name: "Done" }).click()
}

async function providers({ page, server, shot }: Look): Promise<void> {
  await page.goto(`${server.url}admin/providers`)
  await page.getByRole("button", { name: "Test anthropic" }).click()
  await page.getByText("It answered 401").waitFor()
  await page.getByRole("button", { name: "Test harbour" }).click()
  await page.getByText("The provider answers.").waitFor()
  await shot("40-providers")
  await page.getByRole("link", { name: "Edit anthropic" }).click()
  const text = page.getByLabel(/^Definition/)
  await text.fill(
    '{\n  "npm": "anthropic",\n  "options": {\n    "apiKey": "%%SECRET%%",\n    "baseURL": "models"\n  }\n}\n',
  )
  await page.getByRole("button", { name: "Save" }).click()
  await page.getByText("2 faults").waitFor()
  await shot("41-provider-faults")
  await text.fill('{\n  "npm": "@ai-sdk/anthropic",\n  "options": { "apiKey": "%%SECRET%% }\n}\n')
  await page.getByText(/^Line 3/).waitFor()
  await shot("42-provider-json")
  await page.goto(`${server.url}admin/providers/harbour`)
  await text.waitFor()
  await shot("43-provider-values")
  await page.goto(`${server.url}admin/new-provider`)
  await text.waitFor()
  await shot("44-new-provider")
}

async function audit({ page, server, shot }: Look): Promise<void> {
  await page.goto(`${server.url}admin/audit`)
  await page.locator(".audit-line").first().click()
  await shot("50-audit")
  await page.getByRole("button", { name: /^All by/ }).click()
  await shot("51-audit-by")
  await page.goto(`${server.url}admin/audit?outcome=failed&action=token.`)
  await page.getByText("No event matches").waitFor()
  await shot("52-audit-none")
}
