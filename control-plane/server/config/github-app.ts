import type { Faults } from "./faults.ts"
import type { ConfigFile } from "./file-schema.ts"
import type { Config } from "./types.ts"

const NAME = "[a-z0-9]([a-z0-9_-]*[a-z0-9])?"
// With its owner on GHE.com, where the page's address has both.
const SLUG = new RegExp(`^(${NAME}(/${NAME})?)?$`, "i")

/** The GitHub App of the environment (`github.app`); undefined when GITHUB_APP_ID is not set. */
export function parseGithubApp(
  get: (name: string) => string | undefined,
  address: ConfigFile["public"] | undefined,
  faults: Faults,
): Config["github"] {
  const id = get("GITHUB_APP_ID")
  if (id === undefined) return undefined
  const clientId = get("GITHUB_APP_CLIENT_ID")
  const directory = get("BERTH_GITHUB_APP_DIR")
  if (clientId === undefined || directory === undefined) {
    faults.add("github.app.id needs github.app.clientId and github.app.existingSecret")
  }
  if (address?.host === "") faults.add("github.app needs controlPlane.host, for the callback's address")
  const given = get("GITHUB_BASE_URL") ?? "https://github.com"
  const url = URL.canParse(given) ? new URL(given) : null
  // Codes and tokens go there; without TLS only where people reach us without it as well.
  const secure = url?.protocol === "https:" || (url?.protocol === "http:" && address?.tls === false)
  if (url === null || !secure || url.pathname !== "/" || url.search !== "" || url.username !== "") {
    faults.add("github.app.baseUrl must be an https address without a path, for example https://github.com")
  }
  const slug = get("GITHUB_APP_SLUG") ?? ""
  // It becomes part of an address that people are sent to.
  if (!SLUG.test(slug))
    faults.add("github.app.slug must be the end of the app's page, for example my-berth (on GHE.com my-org/my-berth)")
  return { id, slug, clientId: clientId ?? "", baseUrl: url?.origin ?? "", directory: directory ?? "" }
}
