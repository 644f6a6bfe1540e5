import { request } from "node:http"
import type { AddressInfo } from "node:net"
import type { Browser, Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, expect, test } from "vitest"
import type { SessionView } from "../../../control-plane/server/sessions/service-types.ts"
import { demoProvider } from "../../../dev/demo/manifests.ts"
import { createModelServer } from "../../../dev/demo/model/server.ts"
import { type Client, signIn } from "../../support/client.ts"
import { inOrder } from "../../support/in-order.ts"
import { createServerPki } from "../../support/pki.ts"
import { removeScratch, scratchDirectory } from "../../support/scratch.ts"
import { keepPicture, openPage } from "../support/browser/page.ts"
import { openSecludedBrowser } from "../support/browser/secluded.ts"
import { createCleanup } from "../support/cleanup.ts"
import { authorityText, deliveryOf, type Github, githubApp, startGithub, trustAuthority } from "../support/github.ts"
import { exposeToPods, hostAddress, relay } from "../support/host-services.ts"
import { type Installation, openInstallation } from "../support/installation.ts"
import { openRelease, type Release } from "../support/release.ts"
import { hasAnswered, hasStatus, outputsOf } from "../support/session.ts"

// A release with a GitHub App. GitHub is on this machine, over TLS with an authority of its own, under one name for pods
// and browser; the model is the demo's, here as well.

const namespace = "berth-e2e-linked"
const githubHost = `github.${namespace}.svc`
const modelHost = `model.${namespace}.svc`
const host = "agents.example.com"
const administrator = "owner@example.com"
const repository = `https://${githubHost}/team/app.git`
const refusal = `${githubHost} asks for a sign-in to push to ${githubHost}/team/app`

inOrder()
const cleanup = createCleanup()
let installation: Installation
let release: Release
let github: Github
let client: Client
let browser: Browser
let page: Page
let session: SessionView | undefined

beforeAll(async () => {
  installation = await openInstallation()
  const directory = scratchDirectory("linked")
  cleanup.add(() => removeScratch(directory))
  cleanup.add(() => release?.remove())
  release = await openRelease(installation, namespace, directory)
  const address = await hostAddress(installation.kube)
  const pki = await createServerPki(directory, [githubHost])
  const names = ["team/app", "team/other"]
  github = await startGithub({ tls: pki.server, address, directory, names, people: ["octo"] })
  cleanup.add(github.close)
  github.register(`http://${host}/api/linked-accounts/github/callback`)
  await expose("github", 443, address, github.port)
  await startModel(address)

  await apply("ConfigMap", "authority", { data: { "ca.crt": authorityText(pki.authority) } })
  await apply("Secret", "github-app", { stringData: githubApp.secret })
  await release.install([release.coordinates, values])
  const password = await release.secret("berth-admin", "password")
  client = await signIn({ url: `http://${host}`, dial: release.address }, administrator, password)

  const targets = { [`${host}:80`]: release.address, [`${githubHost}:443`]: `${address}:${github.port}` }
  browser = await openSecludedBrowser(cleanup, targets)
  await signInBrowser(password)
})
afterEach(async ({ task }) => {
  if (task.result?.state === "fail" && page) await keepPicture(page, "linked-account")
})
afterAll(cleanup.run)

test("a session changes a private repository as its user, and no other repository of his", async () => {
  await link()
  expect(await accounts()).toMatchObject([{ host: githubHost, login: "octo", email: "octo@example.com" }])
  const commands = [
    "echo from the session >> README.md && git commit --quiet --all --message 'A change' && git push origin HEAD:refs/heads/work",
    `git push https://${githubHost}/team/other.git HEAD:refs/heads/work`,
  ]
  const initialUserPrompt = [...commands.map(shown), "say: both tried"].join("\n")
  session = await client.create({ private: true, repository: { url: repository }, initialUserPrompt })
  const [own, other] = outputsOf(await hasAnswered(client, session.id, "both tried"), "bash")
  expect(own).toContain("status 0")
  expect(github.git("team/app", "log", "-1", "--format=%an <%ae> %s", "work")).toBe(
    "Name of octo <octo@example.com> A change",
  )
  expect(github.git("team/app", "show", "work:README.md")).toContain("from the session")

  expect(other).toContain(`remote: This session may use ${githubHost}/team/app only`)
  expect(github.git("team/other", "for-each-ref", "--format=%(refname)")).toBe("refs/heads/main")
})

test("after unlinking, the session's next push is refused, and git, transcript and page say why", async () => {
  const { id } = sessionOf()
  await page.goto(`/sessions/${id}`)
  await page.getByText("both tried").first().waitFor()
  const [account] = await accounts()
  const revocations = github.counts.revocations
  await client.send("DELETE", `/api/linked-accounts/${account?.id}`)
  expect(github.counts.revocations).toBe(revocations + 1)

  const output = await runs("git commit --quiet --allow-empty --message second && git push origin HEAD:refs/heads/work")
  expect(output).toContain(`remote: ${refusal}`)
  expect(output).not.toContain("status 0")
  await page.getByRole("alert").filter({ hasText: refusal }).waitFor()
  expect(github.git("team/app", "log", "-1", "--format=%s", "work")).toBe("A change")
  const refused = `/api/audit?action=credential.use&outcome=refused&sessionId=${id}`
  const { items } = (await client.send("GET", refused)) as { items: { facts: { repository: string } }[] }
  expect(items.map(({ facts }) => facts.repository)).toEqual(["team/app", "team/other"])
})

test("linked again the session goes on, until the user withdraws the authorization at GitHub", async () => {
  await link()
  expect(await runs("git push origin HEAD:refs/heads/work")).toContain("status 0")
  expect(github.git("team/app", "log", "-1", "--format=%s", "work")).toBe("second")

  github.withdraw("octo")
  const revoked = deliveryOf("github_app_authorization", { action: "revoked", sender: { id: 7, login: "octo" } })
  expect(await deliver(revoked)).toBe(204)
  expect(await accounts()).toEqual([])
  const output = await runs("git commit --quiet --allow-empty --message third && git push origin HEAD:refs/heads/work")
  expect(output).toContain(`remote: ${refusal}`)
  expect(github.git("team/app", "log", "-1", "--format=%s", "work")).toBe("second")
})

const values = {
  controlPlane: { ...trustAuthority, insecureHttp: true, host },
  passwordAuth: { bootstrapAdmin: { email: administrator } },
  github: { app: { ...githubApp.values, baseUrl: `https://${githubHost}`, existingSecret: "github-app" } },
  providers: { demo: { ...demoProvider(namespace), options: { baseURL: `http://${modelHost}/v1` } } },
  broker: { allowedPrivateHosts: [githubHost, modelHost] },
  sessions: { resources: { requests: { cpu: "50m" } } },
}

async function startModel(address: string): Promise<void> {
  const model = createModelServer({ key: "", log: () => {} })
  await new Promise<void>((resolve) => model.listen(0, "127.0.0.1", resolve))
  cleanup.add(() => model.closeAllConnections())
  cleanup.add(() => model.close())
  const { port } = model.address() as AddressInfo
  const passage = await relay(address, port)
  cleanup.add(passage.close)
  await expose("model", 80, address, passage.port)
}

async function expose(name: string, port: number, address: string, targetPort: number): Promise<void> {
  await exposeToPods(installation.kube, { namespace, name, port, address, targetPort })
}

async function apply(kind: string, name: string, content: object): Promise<void> {
  await installation.kube.apply({ apiVersion: "v1", kind, metadata: { namespace, name }, ...content })
}

async function signInBrowser(password: string): Promise<void> {
  page = (await openPage(browser, `http://${host}`)).page
  // At GitHub this browser is signed in as octo.
  await page.context().addCookies([{ name: "login", value: "octo", url: `https://${githubHost}` }])
  await page.goto("/")
  await page.getByLabel("E-mail").fill(administrator)
  await page.getByLabel("Password").fill(password)
  await page.getByRole("button", { name: "Sign in" }).click()
  await page.getByRole("heading", { name: "Sessions", exact: true }).waitFor()
}

/** From our page to GitHub's and back, as a browser goes. */
async function link(): Promise<void> {
  await page.goto("/settings")
  const address = await page.evaluate(async () => {
    const response = await fetch("/api/linked-accounts/github", { method: "POST" })
    return ((await response.json()) as { url: string }).url
  })
  expect(new URL(address).host).toBe(githubHost)
  // The page takes the word out of its address once it has said it.
  const answer = await page.goto(address)
  const { pathname, searchParams } = new URL(answer?.url() ?? address)
  expect([pathname, searchParams.get("linked")]).toEqual(["/settings", githubHost])
}

async function accounts(): Promise<{ id: string; login: string }[]> {
  return ((await client.send("GET", "/api/linked-accounts")) as { items: { id: string; login: string }[] }).items
}

/** A command whose end is part of what it prints, on one line of a prompt. */
function shown(command: string): string {
  return `bash: { ${command}; } 2>&1; echo "status $?"`
}

let runsSoFar = 0

/** Lets the agent run a command; answers what it printed. */
async function runs(command: string): Promise<string> {
  const { id } = sessionOf()
  await hasStatus(client, id, "running")
  const words = `run ${++runsSoFar} over`
  await client.prompt(id, `${shown(command)}\nsay: ${words}`)
  return outputsOf(await hasAnswered(client, id, words), "bash").at(-1) ?? ""
}

function sessionOf(): SessionView {
  if (session === undefined) throw new Error("the session was not made")
  return session
}

/** As GitHub posts it: a server's request, to the address that people use. */
function deliver({ headers, body }: ReturnType<typeof deliveryOf>): Promise<number | undefined> {
  const [name, port] = release.address.split(":")
  const path = "/api/linked-accounts/github/webhook"
  return new Promise((resolve, reject) => {
    const post = request({ host: name, port, path, method: "POST", headers: { ...headers, host } }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    post.once("error", reject).end(body)
  })
}
