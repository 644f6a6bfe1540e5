import type { AuditEvent, Seal } from "../../control-plane/ui/src/admin/audit/audit.ts"
import { type Provider, SECRET_PLACEHOLDER } from "../../control-plane/ui/src/admin/providers/provider.ts"
import type { User } from "../../control-plane/ui/src/admin/users/user.ts"
import { newId } from "../../control-plane/ui/src/api/ids.ts"
import type { CreateSession } from "../../control-plane/ui/src/api/types.ts"
import type { ProfileOption } from "../../control-plane/ui/src/new-session/options.ts"
import { seedEvents, seedProviders, seedUsers } from "./admin-seed.ts"
import { type Answer, type Asked, ok, pageOf, refuse } from "./answer.ts"
import { ADA } from "./seed.ts"

const PROFILES = [
  {
    name: "vertex",
    isDefault: true,
    binding: "model_provider",
    exposedToAgent: ["VERTEX_PROJECT"],
    allowedBindings: ["bearer_env"],
    resolvers: ["vertex-token"],
    environmentFiles: [],
  },
  {
    name: "bedrock",
    isDefault: false,
    binding: "bearer_env",
    exposedToAgent: ["AWS_BEARER_TOKEN_BEDROCK"],
    allowedBindings: [],
    resolvers: ["bedrock-token"],
    environmentFiles: ["bedrock.env"],
  },
]

/** Users, model providers, the audit log and profiles of the scripted server. */
export class Administration {
  users: readonly User[]
  providers: readonly Provider[] = seedProviders()
  events: readonly AuditEvent[]
  seal: Seal
  profiles: readonly ProfileOption[] = PROFILES
  environmentFiles: readonly string[] = ["database.env", "staging.env"]

  /** The requests that sessions were made by. */
  readonly created: CreateSession[] = []

  constructor(now: number) {
    this.users = seedUsers(now)
    this.events = seedEvents(now)
    this.seal = {
      checkpoint: { id: 83, lastId: 4_988, sealedAt: now - 40_000, keyId: "k1", digest: "5e".repeat(32) },
      unsealed: { events: 12, oldestAt: now - 30_000 },
    }
  }

  /** Answers what is administered; null for everything else. */
  answer(asked: Asked, role: string): Answer | null {
    const [subject = "", id, action] = asked.path.split("/")
    if (subject === "profiles") {
      const { profiles: items, environmentFiles } = this
      return ok({ items, nextCursor: null, environmentFiles, hasProviders: this.providers.length > 0 })
    }
    if (!["users", "providers", "audit"].includes(subject)) return null
    if (role !== "admin") return refuse(403, "forbidden", "Only administrators may do this.")
    if (subject === "users") return this.#users(asked, id, action)
    if (subject === "providers") return this.#providers(asked, decodeURIComponent(id ?? ""), action)
    return id === "seal" ? ok(this.seal) : this.#audit(asked)
  }

  #users({ method, search, body }: Asked, id: string | undefined, action: string | undefined): Answer {
    const oneTimePassword = "bcdfg-hjklm-npqrs-tvwxy"
    if (action === "password") return ok({ oneTimePassword })
    if (method === "POST") {
      const { email = "", name = "", role = "member" } = body as Partial<User>
      if (this.users.some((user) => user.email === email)) {
        return refuse(409, "conflict", "There is an account with this address already.")
      }
      const user = { issuer: "local", email, name, role, disabled: false, createdAt: Date.now(), lastSignInAt: null }
      const made = { ...user, id: newId("usr") }
      this.users = [...this.users, made]
      return { status: 201, body: { ...made, oneTimePassword } }
    }
    if (method === "PATCH") {
      if (id === ADA.id && body.role !== undefined && body.role !== "admin") {
        return refuse(409, "conflict", "This is the last administrator: make another one first.")
      }
      this.users = this.users.map((user) => (user.id === id ? { ...user, ...body } : user))
      return ok(this.users.find((user) => user.id === id))
    }
    const words = (search.get("q") ?? "").toLowerCase()
    const found = this.users.filter((user) => `${user.name} ${user.email}`.toLowerCase().includes(words))
    return pageOf(found, search)
  }

  #providers({ method, body }: Asked, id: string, action: string | undefined): Answer {
    const known = this.providers.find((provider) => provider.id === id)
    if (action === "test") {
      return known?.source === "values"
        ? ok({ ok: true, verdict: "works", status: 200, message: "The provider answers." })
        : ok({ ok: false, verdict: "fails", status: 401, message: '{"error":{"message":"invalid x-api-key"}}' })
    }
    if (id === "") return ok({ items: this.providers, nextCursor: null })
    if (method === "PUT") return this.#saveProvider(id, body)
    if (!known) return refuse(404, "not_found", `There is no model provider "${id}".`)
    if (method !== "DELETE") return ok(known)
    this.providers = this.providers.filter((provider) => provider !== known)
    return { status: 204 }
  }

  #saveProvider(id: string, json: Provider["definition"]): Answer {
    const { npm, options } = json as { npm?: string; options?: { baseURL?: string; apiKey?: string } }
    const faults: string[] = []
    if (npm?.startsWith("@ai-sdk/") !== true) {
      faults.push(`providers.${id}.npm: "${npm}" is not supported; supported: @ai-sdk/openai-compatible`)
    }
    if (options?.baseURL?.startsWith("http") === false) {
      faults.push(`providers.${id}.options.baseURL: an http or https address is needed`)
    }
    if (faults.length > 0) return refuse(400, "invalid_request", faults.join("\n"), { faults })
    const hidden = options?.apiKey === undefined ? options : { ...options, apiKey: SECRET_PLACEHOLDER }
    const definition = { ...json, ...(hidden ? { options: hidden } : {}) }
    const kept = { source: "database", faults: [], warnings: [], updatedAt: Date.now(), updatedBy: ADA.email } as const
    const saved = { id, definition, ...kept }
    this.providers = [...this.providers.filter((provider) => provider.id !== id), saved]
    return ok(saved)
  }

  #audit({ path, search }: Asked): Answer {
    const want = (name: string) => search.get(name) ?? ""
    const action = want("action")
    const found = this.events
      .filter((event) =>
        action.endsWith(".") ? event.action.startsWith(action) : action === "" || event.action === action,
      )
      .filter((event) => want("outcome") === "" || event.outcome === want("outcome"))
      .filter((event) => want("actorId") === "" || event.actorId === want("actorId"))
      .filter((event) => want("sessionId") === "" || event.sessionId === want("sessionId"))
      .filter((event) => want("from") === "" || event.at >= Number(want("from")))
      .filter((event) => want("until") === "" || event.at < Number(want("until")))
    return path === "audit/export" ? ok(found) : pageOf(found, search)
  }
}
