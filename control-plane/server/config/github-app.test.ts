import { expect, test } from "vitest"
import { Faults } from "./faults.ts"
import { parseGithubApp } from "./github-app.ts"

const ENV = {
  GITHUB_APP_ID: "1",
  GITHUB_APP_CLIENT_ID: "Iv1.client",
  BERTH_GITHUB_APP_DIR: "/etc/berth/github-app",
}
const ADDRESS = { host: "agents.example.com", pathPrefix: "/", tls: true, trustedProxies: [] }

function parse(env: Record<string, string>, address = ADDRESS) {
  const faults = new Faults()
  const app = parseGithubApp((name) => env[name], address, faults)
  const message = (() => {
    try {
      faults.throwIfAny()
    } catch (error) {
      return String(error)
    }
    return null
  })()
  return { app, message }
}

test("without an id there is no GitHub App, with one it is at github.com", () => {
  expect(parse({})).toEqual({ app: undefined, message: null })
  expect(parse(ENV)).toEqual({
    app: {
      id: "1",
      slug: "",
      clientId: "Iv1.client",
      baseUrl: "https://github.com",
      directory: "/etc/berth/github-app",
    },
    message: null,
  })
})

test("what is missing for linking is told with the key to set", () => {
  expect(parse({ GITHUB_APP_ID: "1" }).message).toContain("github.app.clientId and github.app.existingSecret")
  expect(parse(ENV, { ...ADDRESS, host: "" }).message).toContain("controlPlane.host")
})

test("its slug is the end of an address", () => {
  expect(parse({ ...ENV, GITHUB_APP_SLUG: "my-berth" })).toMatchObject({ app: { slug: "my-berth" }, message: null })
  expect(parse({ ...ENV, GITHUB_APP_SLUG: "my-org/my-berth" }).message).toBeNull()
  for (const GITHUB_APP_SLUG of ["a/b/c", "/a", "../x", "a b", "-a", "a?b"]) {
    expect(parse({ ...ENV, GITHUB_APP_SLUG }).message).toContain("github.app.slug")
  }
})

test.each([["http://git.example.com"], ["https://git.example.com/path"], ["https://a@git.example.com"], ["nothing"]])(
  "%s is no address of a GitHub instance",
  (GITHUB_BASE_URL) => {
    expect(parse({ ...ENV, GITHUB_BASE_URL }).message).toContain("github.app.baseUrl")
  },
)

test("plain HTTP is only for an installation that people reach without TLS as well", () => {
  const env = { ...ENV, GITHUB_BASE_URL: "http://127.0.0.1:3000/" }
  expect(parse(env, { ...ADDRESS, tls: false })).toMatchObject({
    app: { baseUrl: "http://127.0.0.1:3000" },
    message: null,
  })
})
