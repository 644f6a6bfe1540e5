import type { Login, Me } from "../../control-plane/ui/src/api/account.ts"
import { newId } from "../../control-plane/ui/src/api/ids.ts"
import type { LinkedAccount, LinkedAccountList } from "../../control-plane/ui/src/settings/linked.ts"
import type { ApiToken } from "../../control-plane/ui/src/settings/token-form.ts"
import { type Answer, type Asked, ok, refuse } from "./answer.ts"
import { ADA } from "./seed.ts"

const BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
const PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/605"
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

const LINKED: LinkedAccount = {
  id: "acc_1",
  provider: "github",
  host: "github.com",
  login: "ada-lindqvist",
  name: ADA.name,
  email: ADA.email,
  brokenReason: null,
  createdAt: Date.now(),
}

/** The account of whoever is signed in, and what belongs to it. Tests change it as another browser would. */
export class Account {
  me: Me = { ...ADA, mustChangePassword: false }
  password = "berth"
  settings: Readonly<Record<string, unknown>> = { defaultVisibility: "private" }
  logins: readonly Login[]
  tokens: readonly ApiToken[]
  accounts: readonly LinkedAccount[]
  /** Where accounts can be linked. */
  hosts: LinkedAccountList["available"] = [
    { provider: "github", host: "github.com", installUrl: "https://github.com/apps/berth/installations/new" },
  ]

  constructor(now: number) {
    const login = { createdAt: now - 50 * MINUTE_MS, lastSeenAt: now, current: false }
    this.logins = [
      { ...login, id: "lgn_1", method: "password", userAgent: BROWSER, address: "10.0.3.7", current: true },
      { ...login, id: "lgn_2", method: "oidc", userAgent: PHONE, address: "10.0.9.1", lastSeenAt: now - 3e7 },
      { ...login, id: "lgn_3", method: "password", userAgent: "curl/8.9", address: "10.0.9.4", lastSeenAt: now - 9e7 },
    ]
    this.tokens = [
      {
        id: "tok_1",
        name: "Nightly release notes",
        scopes: ["sessions:read", "sessions:write"],
        createdAt: now - 40 * DAY_MS,
        lastUsedAt: now - 4 * MINUTE_MS,
        expiresAt: now + 50 * DAY_MS,
      },
      {
        id: "tok_2",
        name: "Dashboard",
        scopes: ["sessions:read"],
        createdAt: now - 26 * DAY_MS,
        lastUsedAt: null,
        expiresAt: now + 4 * DAY_MS,
      },
    ]
    this.accounts = [{ ...LINKED, createdAt: now - 12 * DAY_MS }]
  }

  /** Answers what is about the account; null for everything else. */
  answer(asked: Asked): Answer | null {
    const { method, path, body } = asked
    const [first, second, third] = path.split("/")
    if (path === "me" && method === "PATCH") this.me = { ...this.me, name: String(body.name) }
    if (path === "me") return ok(this.me)
    if (path === "me/password") return this.#changePassword(body)
    if (this.me.mustChangePassword) {
      return refuse(403, "password_change_required", "Choose a password of your own first.")
    }
    if (path === "me/settings") {
      if (method === "PUT") this.settings = body
      return ok(this.settings)
    }
    if (first === "me" && second === "logins") return this.#logins(method, third)
    if (first === "tokens") return this.#tokens(asked, second)
    return first === "linked-accounts" ? this.#linked(method, second ?? "") : null
  }

  #changePassword(body: Asked["body"]): Answer {
    if (body.current !== this.password) return refuse(403, "forbidden", "The current password is wrong.")
    if (body.new === "passwordpassword") {
      return refuse(400, "invalid_request", "The new password is one of those that are guessed first.")
    }
    this.password = String(body.new)
    this.me = { ...this.me, mustChangePassword: false }
    return ok({ count: this.#keepLogins((login) => login.current) })
  }

  #logins(method: string, id: string | undefined): Answer {
    if (method === "GET") return ok({ items: this.logins, nextCursor: null })
    if (id === undefined) return ok({ count: this.#keepLogins((login) => login.current) })
    this.#keepLogins((login) => login.id !== id)
    return { status: 204 }
  }

  #keepLogins(wanted: (login: Login) => boolean): number {
    const before = this.logins.length
    this.logins = this.logins.filter(wanted)
    return before - this.logins.length
  }

  #tokens({ method, body }: Asked, id: string | undefined): Answer {
    if (method === "POST") {
      const { name, scopes, expiresAt } = body as unknown as ApiToken
      const token = { id: newId("tok"), name, scopes, createdAt: Date.now(), lastUsedAt: null, expiresAt }
      this.tokens = [token, ...this.tokens]
      return { status: 201, body: { ...token, token: `berth_${newId("x").slice(2)}${newId("x").slice(2)}` } }
    }
    if (method === "GET") return ok({ items: this.tokens, nextCursor: null })
    this.tokens = this.tokens.filter((token) => token.id !== id)
    return { status: 204 }
  }

  #linked(method: string, id: string): Answer {
    if (method === "POST") {
      // As if the person had been there and back.
      this.accounts = [LINKED]
      return ok({ url: `settings?linked=${LINKED.host}` })
    }
    if (method === "GET") return ok({ items: this.accounts, nextCursor: null, available: this.hosts })
    this.accounts = this.accounts.filter((account) => account.id !== id)
    return { status: 204 }
  }
}
