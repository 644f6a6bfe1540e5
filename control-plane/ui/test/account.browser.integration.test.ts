import { describe, expect, test } from "vitest"
import { overhang, SOON, type Visit, violations, visits } from "./browser.ts"

const look = visits()

async function settings(options: Parameters<typeof look>[0] = {}): Promise<Visit> {
  const visited = await look(options)
  await visited.page.goto(`${visited.server.url}settings`)
  await visited.page.getByText("Chrome on Linux").waitFor()
  return visited
}

describe("settings", () => {
  test.each([{}, { dark: true }, { phone: true }])("have no fault that axe finds, and fit: %j", async (options) => {
    const { page } = await settings(options)
    expect(await violations(page)).toEqual([])
    expect(await overhang(page)).toBe(0)
  })

  test("change the password, say what is wrong with a new one, and sign out the other browsers", async () => {
    const { page } = await settings()
    await page.getByRole("button", { name: "Change password…" }).click()
    const dialog = page.getByRole("dialog")
    const fill = async (current: string, next: string, again: string) => {
      await dialog.getByLabel("Current password").fill(current)
      await dialog.getByLabel("New password", { exact: true }).fill(next)
      await dialog.getByLabel("New password again").fill(again)
      await page.keyboard.press("Enter")
    }
    await fill("berth", "a dozen words", "a dozen wards")
    await dialog.getByText("The two new passwords differ.").waitFor()
    await fill("wrong", "a dozen words", "a dozen words")
    await dialog.getByText("The current password is wrong.").waitFor()
    expect(await violations(page)).toEqual([])
    await fill("berth", "a dozen words", "a dozen words")
    await page.getByText("The password is changed").waitFor()
    await expect.poll(() => page.getByText("Safari on iOS").count(), SOON).toBe(0)
  })

  test("change the name, which is then everywhere", async () => {
    const { page, server } = await settings()
    await page.getByRole("button", { name: "Change name…" }).click()
    const dialog = page.getByRole("dialog")
    await dialog.getByLabel("Name").fill("Ada L.")
    expect(await violations(page)).toEqual([])
    await page.keyboard.press("Enter")
    await page.getByRole("button", { name: "Account of Ada L." }).waitFor()
    expect(server.account.me.name).toBe("Ada L.")
  })

  test("offer no password to whoever signs in elsewhere", async () => {
    const { page, server } = await look()
    server.account.me = { ...server.account.me, method: "oidc" }
    await page.goto(`${server.url}settings`)
    await page.getByRole("button", { name: "Sign out", exact: true }).waitFor()
    expect(await page.getByRole("button", { name: /^Change (name|password)…/ }).count()).toBe(0)
  })

  test("make a token that is shown once, and revoke it", async () => {
    const { page, server, context } = await settings()
    await context.grantPermissions(["clipboard-read", "clipboard-write"])
    await page.getByRole("button", { name: "New token" }).click()
    await page.getByRole("button", { name: "Create token" }).click()
    await page.getByText("Give it a name, so that you know it again.").waitFor()
    await page.getByRole("textbox", { name: "Name" }).fill("Release notes")
    await page.getByRole("checkbox", { name: /sessions:write/ }).check()
    await page.getByLabel("It works for").selectOption("7")
    expect(await violations(page)).toEqual([])
    await page.getByRole("button", { name: "Create token" }).click()
    const token = page.getByRole("textbox", { name: "Token" })
    await token.waitFor()
    expect(await violations(page)).toEqual([])
    await page.keyboard.press("Escape")
    await page.getByRole("button", { name: "Copy" }).click()
    await page.getByText("Token copied").waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(await token.inputValue())
    const [made] = server.account.tokens
    expect(made?.scopes).toEqual(["sessions:read", "sessions:write"])
    expect(((made?.expiresAt ?? 0) - (made?.createdAt ?? 0)) / 86_400_000).toBeCloseTo(7, 3)
    await page.getByRole("button", { name: "Done" }).click()
    await page.getByRole("button", { name: "Revoke the token Release notes" }).click()
    await page.getByRole("dialog").getByRole("button", { name: "Revoke", exact: true }).click()
    await page.getByText("The token Release notes no longer works").waitFor()
    await expect.poll(() => page.getByText("never used").count(), SOON).toBe(1)
  })

  test("unlink an account after asking, and link it again", async () => {
    const { page, server } = await settings()
    await page.getByRole("button", { name: "Unlink ada-lindqvist at github.com" }).click()
    await page.getByText("Running sessions can no longer clone").waitFor()
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click()
    expect(server.account.accounts).toHaveLength(1)
    await page.getByRole("button", { name: "Unlink ada-lindqvist at github.com" }).click()
    await page.getByRole("dialog").getByRole("button", { name: "Unlink", exact: true }).click()
    await page.getByRole("button", { name: "Link GitHub" }).click()
    await page.getByText("Your account at github.com is linked").waitFor()
    await page.getByText("Commits as Ada Lindqvist <ada@example.com>").waitFor()
    expect(page.url()).toBe(`${server.url}settings`)
  })

  test("say why an account was not linked or no longer works, and when there is no host to link", async () => {
    const { page, server } = await look()
    server.account.accounts = server.account.accounts.map((one) => ({ ...one, brokenReason: "GitHub ended it." }))
    await page.goto(`${server.url}settings?error=${encodeURIComponent("github.com did not link the account.")}`)
    await page.getByRole("alert").getByText("github.com did not link the account.").waitFor()
    await page.getByText("GitHub ended it.").waitFor()
    await page.getByRole("button", { name: "Link again" }).waitFor()
    expect(await violations(page)).toEqual([])
    server.account.accounts = []
    server.account.hosts = []
    await page.reload()
    await page.getByText("No git host is set up for linking").waitFor()
    expect(await page.getByText("did not link the account").count()).toBe(0)
  })

  test("say what could not be read, and try again", async () => {
    const { page, server } = await look()
    let down = true
    const refusal = { error: { code: "invalid_request", message: "Not now.", requestId: "req_1" } }
    await page.route(/\/api\/(tokens|linked-accounts|me\/(logins|settings))$/, (route) =>
      down ? route.fulfill({ status: 400, json: refusal }) : route.continue(),
    )
    await page.goto(`${server.url}settings`)
    for (const what of ["The settings", "The linked accounts", "The API tokens", "The sign-ins"]) {
      await page.getByText(`${what} could not be read`).waitFor()
    }
    expect(await violations(page)).toEqual([])
    down = false
    for (let left = 4; left > 0; left -= 1) {
      await page.getByRole("button", { name: "Try again" }).first().click()
      await expect.poll(() => page.getByRole("button", { name: "Try again" }).count(), SOON).toBe(left - 1)
    }
    await page.getByText("Chrome on Linux").waitFor()
  })

  test("sign out all other browsers", async () => {
    const { page } = await settings()
    await page.getByRole("button", { name: "Sign out all others" }).click()
    await page.getByText("2 browsers will have to sign in again.").waitFor()
    await page.getByRole("dialog").getByRole("button", { name: "Sign out" }).click()
    await expect.poll(() => page.getByText("Safari on iOS").count(), SOON).toBe(0)
    await page.getByText("this browser").waitFor()
  })
})

test("a one-time password leads to the choice of another one, and to nothing else", async () => {
  const { page, server } = await look({ signedIn: false })
  server.account.me = { ...server.account.me, mustChangePassword: true }
  await page.goto(`${server.url}settings`)
  await page.getByLabel("E-mail").fill("ada@example.com")
  await page.getByLabel("Password").fill("berth")
  await page.keyboard.press("Enter")
  await page.getByRole("heading", { name: "Choose a password" }).waitFor()
  expect(await page.getByRole("navigation").count()).toBe(0)
  expect(await violations(page)).toEqual([])
  await page.getByLabel("Current password").fill("berth")
  await page.getByLabel("New password", { exact: true }).fill("passwordpassword")
  await page.getByLabel("New password again").fill("passwordpassword")
  await page.keyboard.press("Enter")
  await page.getByText("one of those that are guessed first").waitFor()
  await page.getByLabel("New password", { exact: true }).fill("a dozen words")
  await page.getByLabel("New password again").fill("a dozen words")
  await page.keyboard.press("Enter")
  await page.getByRole("heading", { name: "Sign-ins" }).waitFor()
})
