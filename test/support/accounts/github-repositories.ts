import type { IncomingMessage } from "node:http"
import jwt from "jsonwebtoken"
import { APP, type Grants } from "./github-grants.ts"

const JWT_S_MAX = 600

/** A repository and who may do what there. */
export interface GithubRepository {
  isPrivate: boolean
  /** The app's; null: not installed. */
  installation: { suspended: boolean; contents: "read" | "write" } | null
  /** What people may do, by login. */
  people: Record<string, "read" | "write">
}

/** A private repository on which the app is installed, with nobody in it. */
export function privateRepository(people: GithubRepository["people"] = {}): GithubRepository {
  return { isPrivate: true, installation: { suspended: false, contents: "write" }, people }
}

/** Answers of the API about repositories, and whether git gets through. */
export function createRepositories(grants: Grants, now: () => number) {
  const repositories = new Map<string, GithubRepository>()
  return {
    repositories,
    /** `GET /repos/:owner/:name/installation`, for the app itself. */
    installation(name: string, authorization: string): [number, unknown] {
      const fault = faultOfAppToken(authorization, now())
      if (fault !== null) return [401, { message: fault }]
      const installation = repositories.get(name)?.installation
      if (!installation) return [404, { message: "Not Found" }]
      const { suspended, contents } = installation
      const suspended_at = suspended ? "2026-01-01T00:00:00Z" : null
      return [200, { id: 1, app_slug: APP.slug, suspended_at, permissions: { contents, metadata: "read" } }]
    },
    /** The status that git's request is refused with; null lets it through. */
    gitRefusal(request: IncomingMessage): number | null {
      const url = new URL(request.url ?? "/", "http://github")
      const [, name = ""] = /^\/([^/]+\/[^/]+?)(?:\.git)?\//.exec(url.pathname) ?? []
      const pushes = `${url.pathname}${url.search}`.includes("git-receive-pack")
      const given = tokenOf(request.headers.authorization)
      const token = given === null ? undefined : grants.byAccess(given)
      if (given !== null && token === undefined) return 401
      const repository = repositories.get(name)
      if (repository === undefined) return given === null ? 401 : 404
      if (token === undefined) return repository.isPrivate || pushes ? 401 : null
      const may = mayDo(repository, token.user.login)
      if (repository.isPrivate && may === "nothing") return 404
      return pushes && may !== "write" ? 403 : null
    },
  }
}

/** What app and person may both do. */
function mayDo({ installation, people }: GithubRepository, login: string): "nothing" | "read" | "write" {
  const own = people[login]
  if (installation === null || installation.suspended || own === undefined) return "nothing"
  return own === "write" && installation.contents === "write" ? "write" : "read"
}

function tokenOf(authorization: string | undefined): string | null {
  if (authorization === undefined) return null
  const [scheme, value = ""] = authorization.split(" ")
  return scheme === "Basic" ? (Buffer.from(value, "base64").toString().split(":")[1] ?? "") : value
}

/** GitHub's words about an app's token that it does not take; null for a good one. */
function faultOfAppToken(authorization: string, now: number): string | null {
  const now_s = Math.floor(now / 1_000)
  try {
    const token = authorization.replace("Bearer ", "")
    const claims = jwt.verify(token, APP.publicKey, { algorithms: ["RS256"], clockTimestamp: now_s }) as jwt.JwtPayload
    if (claims.iss !== APP.id && claims.iss !== APP.clientId) return "'Issuer' claim ('iss') must be the app"
    if (claims.iat === undefined || claims.iat > now_s) return "'Issued at' claim ('iat') must be in the past"
    return (claims.exp ?? Infinity) - now_s > JWT_S_MAX
      ? "'Expiration time' claim ('exp') is too far in the future"
      : null
  } catch {
    return "A JSON web token could not be decoded"
  }
}
