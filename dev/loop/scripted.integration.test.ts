import { expect, test } from "vitest"
import { runScripted } from "./scripted.ts"
import { serveUi } from "./ui.ts"

test("the UI is served from its sources, with the scripted API behind the same address", async () => {
  const backend = await runScripted()
  const ui = await serveUi({ api: backend.url, port: 0 })
  try {
    const address = ui.resolvedUrls?.local[0] ?? ""
    expect(await (await fetch(address)).text()).toContain("/src/main.tsx")
    const module = await (await fetch(new URL("src/main.tsx", address))).text()
    expect(module).toContain("createRoot")
    const refused = await fetch(new URL("api/me", address))
    expect(refused.status).toBe(401)
    const signIn = await fetch(new URL("api/auth/password", address), {
      method: "POST",
      body: JSON.stringify({ email: backend.email, password: backend.password }),
    })
    expect(signIn.status).toBe(204)
  } finally {
    await ui.close()
    await backend.stop()
  }
})
