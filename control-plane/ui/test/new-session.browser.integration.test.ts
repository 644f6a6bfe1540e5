import type { Page } from "playwright-core"
import { describe, expect, test } from "vitest"
import { overhang, SOON, type Visit, violations, visits } from "./browser.ts"

const look = visits()

async function newSession(options: Parameters<typeof look>[0] = {}): Promise<Visit> {
  const visited = await look(options)
  await visited.page.goto(`${visited.server.url}new`)
  await visited.page.getByRole("textbox", { name: "Prompt" }).waitFor()
  return visited
}

const more = (page: Page) => page.getByText("More: title, credentials, environment, history").click()
const start = (page: Page) => page.getByRole("button", { name: "Start session" }).click()

describe("a new session", () => {
  test("takes profile, token, environment and history as they are chosen", async () => {
    const { page, server } = await newSession()
    await page.getByRole("textbox", { name: "Prompt" }).fill("Sort the tide tables")
    await page.getByLabel("Repository").fill("https://git.example.com/harbour/berths.git")
    await more(page)
    await page.getByText("The agent can read VERTEX_PROJECT.").waitFor()
    await page.getByLabel("How its token is used").selectOption("bearer_env")
    await page.getByLabel("Variable", { exact: true }).fill("API_TOKEN")
    await page.getByRole("checkbox", { name: "staging.env" }).check()
    await page.getByRole("checkbox", { name: "database.env" }).check()
    await page.getByRole("button", { name: "Add variable" }).click()
    await page.getByLabel("Name of variable 1").fill("LEVEL")
    await page.getByLabel("Value of LEVEL").fill("debug")
    await page.getByLabel("Commits of history").fill("1")
    await page.getByRole("checkbox", { name: /^Clone submodules too/ }).check()
    expect(await violations(page)).toEqual([])
    await start(page)
    await page.getByRole("region", { name: "Conversation" }).waitFor()
    expect(server.administration.created.at(-1)).toEqual({
      private: true,
      initialUserPrompt: "Sort the tide tables",
      repository: { url: "https://git.example.com/harbour/berths.git", depth: 1, submodules: true },
      binding: { type: "bearer_env", runtime_auth_resolver: "vertex-token", env_name: "API_TOKEN" },
      environmentFiles: ["staging.env", "database.env"],
      environment: { LEVEL: "debug" },
    })
    const details = page.getByRole("complementary", { name: "Details" })
    if ((await details.count()) === 0) await page.getByRole("button", { name: "Details" }).click()
    await details.getByText("staging.env, database.env").waitFor()
    await details.getByText("In a variable that the agent can read").waitFor()
  })

  test("takes pasted lines as variables, and keeps no value in the browser", async () => {
    const { page } = await newSession()
    await page.getByRole("textbox", { name: "Prompt" }).fill("p")
    await more(page)
    await page.getByRole("button", { name: "Add variable" }).click()
    await page.getByLabel("Name of variable 1").evaluate((field) => {
      const clipboardData = new DataTransfer()
      clipboardData.setData("text", "export TOKEN='hunter2'\nLEVEL=debug\n")
      field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }))
    })
    expect(await page.getByLabel("Value of TOKEN").inputValue()).toBe("hunter2")
    expect(await page.getByLabel("Value of LEVEL").inputValue()).toBe("debug")
    expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain("hunter2")
    await page.reload()
    await page.getByLabel("Value of TOKEN").waitFor()
    await start(page)
    await page.getByText("Give the value of TOKEN again: values are not kept over a reload.").waitFor()
    await page.getByRole("button", { name: "Remove TOKEN" }).click()
    await page.getByLabel("Value of LEVEL").fill("info")
    await start(page)
    await page.getByRole("region", { name: "Conversation" }).waitFor()
    expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain("info")
  })

  test("that the server refuses says why, and loses nothing", async () => {
    const { page } = await newSession()
    await page.getByRole("textbox", { name: "Prompt" }).fill("p")
    await more(page)
    await page.getByRole("button", { name: "Add variable" }).click()
    await page.getByLabel("Name of variable 1").fill("BERTH_TOKEN")
    await start(page)
    await page.getByRole("alert").getByText("BERTH_TOKEN cannot be set by a session.").waitFor()
    expect(await page.getByLabel("Name of variable 1").inputValue()).toBe("BERTH_TOKEN")
  })

  test("says who must add a model provider when there is none", async () => {
    const { page, server } = await look()
    server.administration.providers = []
    await page.goto(`${server.url}new`)
    await page.getByRole("link", { name: "Add a provider" }).waitFor()
    expect(await violations(page)).toEqual([])
    server.account.me = { ...server.account.me, role: "member" }
    await page.reload()
    await page.getByText("An administrator of this installation has to add one.").waitFor()
    expect(await page.getByRole("link", { name: "Add a provider" }).count()).toBe(0)
    await page.goto(server.url)
    await page.getByText("No model provider is configured").waitFor()
    expect(await violations(page)).toEqual([])
  })

  test("is for nobody who may only read", async () => {
    const { page, server } = await look()
    server.account.me = { ...server.account.me, role: "readonly" }
    await page.goto(`${server.url}new`)
    await page.getByRole("heading", { name: "Your account may read, not write" }).waitFor()
    expect(await violations(page)).toEqual([])
  })

  test.each([{}, { dark: true }, { phone: true }])("has no fault that axe finds, and fits: %j", async (options) => {
    const { page } = await newSession(options)
    await more(page)
    await page.getByLabel("How its token is used").selectOption("bearer_env")
    await page.getByRole("button", { name: "Add variable" }).click()
    expect(await violations(page)).toEqual([])
    expect(await overhang(page)).toBe(0)
  })
})

test("what git was refused stands in the session and in its details", async () => {
  const { page, server } = await look()
  const session = server.store.all().find(({ title }) => title.startsWith("Upgrade"))
  await page.goto(`${server.url}sessions/${session?.id}`)
  await page.getByRole("complementary", { name: "Details" }).waitFor()
  const message = "This session may push to harbour/pilot only. See https://berth.example/settings"
  await expect
    .poll(async () => {
      server.store.change(session?.id ?? "", { type: "notice", level: "error", code: "git_refused", message })
      return page.getByRole("region", { name: "Refused to git" }).count()
    }, SOON)
    .toBe(1)
  const refused = page.getByRole("region", { name: "Refused to git" })
  await refused.getByText("This session may push to harbour/pilot only.").waitFor()
  expect(await refused.getByRole("listitem").count()).toBe(1)
  expect(await page.getByRole("alert").getByRole("link").getAttribute("href")).toBe("https://berth.example/settings")
  expect(await violations(page)).toEqual([])
  await page.reload()
  await refused.getByText("This session may push to harbour/pilot only.").waitFor()
  expect(await page.getByRole("alert").count()).toBe(0)
})

test("what is kept of a stopped session can be downloaded from its details", async () => {
  const { page, server } = await look()
  const session = server.store.all().find(({ status }) => status === "stopped")
  await page.goto(`${server.url}sessions/${session?.id}`)
  const kept = page.getByRole("region", { name: "Kept files" })
  const patch = kept.getByRole("link", { name: "Changes, as a patch" })
  await patch.waitFor()
  expect(await patch.getAttribute("href")).toBe(`${server.url}api/sessions/${session?.id}/artifacts/workspace.patch`)
  expect(await violations(page)).toEqual([])
  server.store.update(session?.id ?? "", { status: "running", desired: "running" })
  await kept.waitFor({ state: "detached" })
})
