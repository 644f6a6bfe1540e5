import type { Scope } from "../../../control-plane/server/identity/index.ts"

/** Who asks, in the order of the columns below. */
export const WHO = ["anonymous", "pod", "disabled", "other", "readonly", "owner", "admin"] as const
export type Who = (typeof WHO)[number]

export interface Row {
  /** Method and path as in the route table. */
  readonly route: string
  /** Statuses in the order of WHO, about a private session; and about a public one where that differs. */
  readonly private: string
  readonly public?: string
  /** Scopes with which a token of the owner's gets what the owner gets; with every other scope it is 403. */
  readonly tokens: readonly Scope[]
  readonly json?: unknown
  readonly query?: string
}

const read: readonly Scope[] = ["sessions:read"]
const write: readonly Scope[] = ["sessions:write"]
const none: readonly Scope[] = []

const ANYONE = (status: number) => Array(WHO.length).fill(status).join(" ")
const SIGNED_IN = (status: number) => `401 401 401 ${status} ${status} ${status} ${status}`
const ADMIN = (status: number) => `401 401 401 403 403 403 ${status}`

/** Rows about one session: private it does not exist for others; public it may be read by all and changed by none. */
const sees = { private: "401 401 401 404 404 200 200", public: "401 401 401 200 200 200 200", tokens: read }
const reads = { private: "401 401 401 404 404 200 403", public: "401 401 401 200 200 200 200", tokens: read }
const changes = (status: number) => ({
  private: `401 401 401 404 403 ${status} 403`,
  public: `401 401 401 403 403 ${status} 403`,
  tokens: write,
})

/** The expected answer of every route to everybody. A route that is not here fails the build. */
export const TABLE: readonly Row[] = [
  { route: "GET /api/health", private: ANYONE(200), tokens: none },
  { route: "GET /api/ready", private: ANYONE(200), tokens: none },
  { route: "GET /api/openapi.json", private: ANYONE(200), tokens: none },
  { route: "GET /api/auth/methods", private: ANYONE(200), tokens: none },
  { route: "POST /api/auth/password", private: ANYONE(400), tokens: none, json: {} },
  { route: "GET /api/auth/login/:providerId", private: ANYONE(404), tokens: none },
  { route: "GET /api/auth/callback/:providerId", private: ANYONE(404), tokens: none },
  { route: "POST /api/auth/logout", private: SIGNED_IN(200), tokens: none },

  { route: "GET /api/me", private: SIGNED_IN(200), tokens: ["profile:read"] },
  // The people of this table sign in elsewhere: 409 is the answer to whoever may ask.
  { route: "PATCH /api/me", private: SIGNED_IN(409), tokens: ["profile:write"], json: { name: "x" } },
  { route: "POST /api/me/password", private: SIGNED_IN(409), tokens: none, json: { current: "x", new: "y" } },
  { route: "GET /api/me/logins", private: SIGNED_IN(200), tokens: none },
  { route: "DELETE /api/me/logins", private: SIGNED_IN(200), tokens: none },
  { route: "DELETE /api/me/logins/:id", private: SIGNED_IN(404), tokens: none },
  { route: "GET /api/me/settings", private: SIGNED_IN(200), tokens: ["profile:read"] },
  {
    route: "PUT /api/me/settings",
    private: SIGNED_IN(200),
    tokens: ["profile:write"],
    json: { defaultVisibility: "private" },
  },

  { route: "GET /api/tokens", private: SIGNED_IN(200), tokens: none },
  {
    route: "POST /api/tokens",
    private: SIGNED_IN(201),
    tokens: none,
    json: { name: "x", scopes: ["sessions:read"], expiresAt: 4e12 },
  },
  { route: "DELETE /api/tokens/:id", private: SIGNED_IN(404), tokens: none },

  { route: "GET /api/users", private: ADMIN(200), tokens: ["users:admin"] },
  { route: "POST /api/users", private: ADMIN(400), tokens: ["users:admin"], json: {} },
  { route: "POST /api/users/:id/password", private: ADMIN(404), tokens: none, json: {} },
  { route: "PATCH /api/users/:id", private: ADMIN(404), tokens: ["users:admin"], json: { role: "member" } },
  { route: "GET /api/audit", private: ADMIN(200), tokens: ["audit:read"] },
  { route: "GET /api/audit/seal", private: ADMIN(200), tokens: ["audit:read"] },
  { route: "GET /api/audit/export", private: ADMIN(200), tokens: ["audit:read"] },
  { route: "GET /api/usage", private: ADMIN(200), tokens: ["audit:read"] },

  { route: "GET /api/providers", private: ADMIN(200), tokens: ["providers:admin"] },
  { route: "GET /api/providers/:id", private: ADMIN(404), tokens: ["providers:admin"] },
  { route: "PUT /api/providers/:id", private: ADMIN(400), tokens: ["providers:admin"], json: { npm: "unknown" } },
  { route: "DELETE /api/providers/:id", private: ADMIN(404), tokens: ["providers:admin"] },
  { route: "POST /api/providers/:id/test", private: ADMIN(404), tokens: ["providers:admin"] },
  { route: "POST /api/admin/rotate-encryption", private: ADMIN(200), tokens: ["encryption:admin"] },
  { route: "GET /api/profiles", private: SIGNED_IN(200), tokens: read },
  { route: "GET /api/linked-accounts", private: SIGNED_IN(200), tokens: none },
  { route: "POST /api/linked-accounts/:provider", private: SIGNED_IN(404), tokens: none },
  { route: "GET /api/linked-accounts/:provider/callback", private: SIGNED_IN(404), tokens: none },
  // Whoever knows the host's secret proves himself by a signature; without an app there is nothing to tell.
  { route: "POST /api/linked-accounts/:provider/webhook", private: ANYONE(404), tokens: none },
  { route: "DELETE /api/linked-accounts/:id", private: SIGNED_IN(404), tokens: none },

  { route: "GET /api/sessions", private: SIGNED_IN(200), tokens: read },
  { route: "POST /api/sessions", private: "401 401 401 201 403 201 201", tokens: write, json: {} },
  { route: "GET /api/events", private: SIGNED_IN(200), tokens: read },
  { route: "GET /api/stream", private: SIGNED_IN(200), tokens: read },
  { route: "GET /api/sessions/:id", ...sees },
  { route: "GET /api/sessions/:id/messages", ...reads },
  { route: "GET /api/sessions/:id/events", ...reads },
  { route: "GET /api/sessions/:id/artifacts", ...reads },
  // Nothing is kept in this test: who may read learns that, the others do not.
  {
    route: "GET /api/sessions/:id/artifacts/:name",
    private: "401 401 401 404 404 404 403",
    public: "401 401 401 404 404 404 404",
    tokens: read,
  },
  { route: "GET /api/sessions/:id/requests", ...reads },
  { route: "PATCH /api/sessions/:id", ...changes(200), json: { title: "new" } },
  { route: "DELETE /api/sessions/:id", ...changes(204) },
  { route: "POST /api/sessions/:id/start", ...changes(200) },
  { route: "POST /api/sessions/:id/stop", ...changes(200) },
  // No pod has made its volume here: 409 is the answer to those who may ask.
  { route: "POST /api/sessions/:id/volume", ...changes(409), json: { storageSize: "4Gi" } },
  { route: "POST /api/sessions/:id/messages", ...changes(202), json: { text: "hello" } },
  // The session has no agent here: 409 and 404 are the answers to whoever may ask.
  { route: "POST /api/sessions/:id/abort", ...changes(409) },
  { route: "POST /api/sessions/:id/requests/:requestId", ...changes(404), json: { reply: "once" } },
]
