import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { Browser, Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, expect, test } from "vitest"
import { parse } from "yaml"
import { createServerPki } from "../../support/pki.ts"
import { startPostgres } from "../../support/postgres-server.ts"
import { removeScratch, scratchDirectory } from "../../support/scratch.ts"
import { keepPicture, openPage } from "../support/browser/page.ts"
import { openSecludedBrowser } from "../support/browser/secluded.ts"
import { createCleanup } from "../support/cleanup.ts"
import { exposeToPods, hostAddress, proxyTo, relay, serveTls } from "../support/host-services.ts"
import { type Installation, openInstallation } from "../support/installation.ts"
import { clients, createOidcProvider } from "../support/oidc-provider.ts"
import { openRelease, type Release } from "../support/release.ts"

// The compatible values file as it is, beside image coordinates; database and identity provider are not in the cluster.
// Pods and the browser know the provider under one name, over TLS with an authority of its own.

const namespace = "berth-e2e-oidc"
const providerHost = `auth.${namespace}.svc`
const host = "agents.example.com"
const values = parse(
  readFileSync(join(import.meta.dirname, "..", "fixtures", "compatible-values.yaml"), "utf8"),
) as object
const trustAuthority = {
  controlPlane: {
    deployment: { extraEnv: [{ name: "NODE_EXTRA_CA_CERTS", value: "/etc/authority/ca.crt" }] },
    extraVolumes: [{ name: "authority", configMap: { name: "authority" } }],
    extraVolumeMounts: [{ name: "authority", mountPath: "/etc/authority", readOnly: true }],
  },
}

const cleanup = createCleanup()
let installation: Installation
let release: Release
let browser: Browser
let page: Page | undefined
beforeAll(async () => {
  installation = await openInstallation()
  const directory = scratchDirectory("oidc")
  cleanup.add(() => removeScratch(directory))
  cleanup.add(() => release?.remove())
  release = await openRelease(installation, namespace, directory)
  const pki = await createServerPki(directory, [providerHost, host])
  const address = await hostAddress(installation.kube)
  await startDatabase(address)

  const handler = await createOidcProvider(`https://${providerHost}`, `https://${host}/api/auth/callback/oidc`)
  const provider = await serveTls(pki.server, address, handler)
  cleanup.add(provider.close)
  await expose("auth", 443, address, provider.port)
  const front = await serveTls(pki.server, "127.0.0.1", proxyTo(release.address))
  cleanup.add(front.close)

  await release.kubectl("create", "configmap", "authority", `--from-file=ca.crt=${pki.authority.certFile}`)
  await makeSecret("sso-oidc", { clientSecret: clients.secret })
  await release.install([values, release.coordinates, trustAuthority])

  const targets = { [`${host}:443`]: `127.0.0.1:${front.port}`, [`${providerHost}:443`]: `${address}:${provider.port}` }
  browser = await openSecludedBrowser(cleanup, targets)
})
afterEach(async ({ task }) => {
  if (task.result?.state === "fail" && page) await keepPicture(page, "oidc")
})
afterAll(cleanup.run)

test("the compatible values file installs, and a browser signs in through its provider as a confidential client", async () => {
  const me = await signInAs("ann")
  expect(me).toMatchObject({ email: "ann@example.com", name: "ann", role: "member", method: "oidc" })
  const cookies = (await page?.context().cookies(`https://${host}`)) ?? []
  expect(cookies.length).toBeGreaterThan(0)
  expect(cookies.filter(({ secure, httpOnly }) => !secure || !httpOnly)).toEqual([])
})

test("a client without a secret signs the same person in with PKCE", async () => {
  const before = await signInAs("bob")
  const publicClient = { oidc: { clientId: clients.public, publicClient: true } }
  await release.install([values, release.coordinates, trustAuthority, publicClient])
  const left: URL[] = []
  const after = await signInAs("bob", left)
  expect(after).toEqual(before)
  const asked = left.find(({ pathname }) => pathname === "/auth")?.searchParams
  expect(asked?.get("client_id")).toBe(clients.public)
  expect(asked?.get("code_challenge_method")).toBe("S256")
})

/** Signs in with a fresh browser profile; answers who the control plane then says it is. */
async function signInAs(name: string, visited: URL[] = []): Promise<{ id: string }> {
  const opened = await openPage(browser, `https://${host}`)
  page = opened.page
  page.on("request", (request) => void visited.push(new URL(request.url())))
  await page.goto("/")
  await page.getByRole("link", { name: "Single sign-on" }).click()
  await page.locator("input[name=login]").fill(name)
  await page.locator("input[name=password]").fill("any")
  await page.getByRole("button", { name: "Sign-in" }).click()
  await page.getByRole("button", { name: "Continue" }).click()
  await page.getByRole("heading", { name: "Sessions", exact: true }).waitFor()
  expect(new URL(page.url()).host).toBe(host)
  return await page.evaluate(async () => {
    const response = await fetch("/api/me")
    return (await response.json()) as { id: string }
  })
}

async function startDatabase(address: string): Promise<void> {
  const postgres = await startPostgres()
  cleanup.add(postgres.stop)
  await postgres.createDatabase("agents")
  const passage = await relay(address, postgres.port)
  cleanup.add(passage.close)
  await expose("database", 5432, address, passage.port)
  await makeSecret("agents-db", { DATABASE_URL: `postgres://postgres:any@database.${namespace}.svc:5432/agents` })
}

async function expose(name: string, port: number, address: string, targetPort: number): Promise<void> {
  await exposeToPods(installation.kube, { namespace, name, port, address, targetPort })
}

async function makeSecret(name: string, stringData: Record<string, string>): Promise<void> {
  await installation.kube.apply({ apiVersion: "v1", kind: "Secret", metadata: { namespace, name }, stringData })
}
