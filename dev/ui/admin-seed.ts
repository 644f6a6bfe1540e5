import type { AuditEvent } from "../../control-plane/ui/src/admin/audit/audit.ts"
import type { Provider } from "../../control-plane/ui/src/admin/providers/provider.ts"
import type { User } from "../../control-plane/ui/src/admin/users/user.ts"
import { ADA } from "./seed.ts"

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const IDP = "https://id.example.com/realms/harbour"
const FIRST = ["Noor", "Ines", "Tariq", "Maren", "Luca", "Sanne", "Emre", "Freya", "Goran", "Hilde"]
const LAST = ["Petersen", "Ahmadi", "Costa", "Dahl", "Novak", "Okeke"]

/** Sixty people: one page and a bit. */
export function seedUsers(now: number): User[] {
  const base = { name: "", disabled: false, createdAt: now - 90 * DAY_MS, lastSignInAt: now - 7 * MINUTE_MS }
  const more = FIRST.flatMap((first, row) =>
    LAST.map((last, column): User => {
      const n = row * LAST.length + column
      return {
        ...base,
        id: `usr_${String(n).padStart(3, "0")}`,
        issuer: n % 3 === 0 ? "local" : IDP,
        email: `${first}.${last}@example.com`.toLowerCase(),
        name: `${first} ${last}`,
        role: n % 7 === 2 ? "readonly" : n % 11 === 4 ? "data-science" : "member",
        disabled: n === 3,
        lastSignInAt: n % 5 === 1 ? null : now - n * n * 40 * MINUTE_MS,
      }
    }),
  )
  return [
    { ...base, id: ADA.id, issuer: "local", email: ADA.email, name: ADA.name, role: "admin" },
    { ...base, id: "usr_bo", issuer: IDP, email: "bo@example.com", name: "Bo Okafor", role: "member" },
    ...more,
  ]
}

/** One of the values, one that is stored. */
export function seedProviders(): Provider[] {
  return [
    {
      id: "harbour",
      source: "values",
      definition: {
        npm: "@ai-sdk/openai-compatible",
        name: "Harbour models",
        options: { baseURL: "https://models.example.com/v1" },
        models: {
          "pilot-large": { name: "Pilot large", limit: { context: 131_072, output: 16_384 } },
          "pilot-small": { name: "Pilot small" },
        },
      },
      faults: [],
      warnings: [
        'providers.harbour.models.pilot-small.limit: without {"context": …, "output": …} OpenCode asks for 32,000 tokens of output and never compacts a conversation',
      ],
      updatedAt: null,
      updatedBy: null,
    },
    {
      id: "anthropic",
      source: "database",
      definition: { npm: "@ai-sdk/anthropic", options: { apiKey: "%%SECRET%%" } },
      faults: [],
      warnings: [],
      updatedAt: Date.now() - 3 * DAY_MS,
      updatedBy: ADA.email,
    },
  ]
}

type Told = Pick<AuditEvent, "action"> & Partial<AuditEvent>

const TOLD: readonly Told[] = [
  { action: "session.create", sessionId: "ses_0", facts: { repository: "https://git.example.com/harbour/berths.git" } },
  {
    action: "credential.use",
    sessionId: "ses_0",
    actor: "session ses_0",
    facts: { host: "git.example.com", repository: "harbour/berths", operation: "clone" },
  },
  {
    action: "credential.use",
    sessionId: "ses_0",
    actor: "session ses_0",
    outcome: "refused",
    facts: { host: "git.example.com", repository: "harbour/secrets", operation: "push", reason: "not of this session" },
  },
  { action: "login.create", facts: { method: "password" } },
  {
    action: "login.create",
    actorId: null,
    actor: "anonymous",
    outcome: "refused",
    facts: { method: "password", email: "root@example.com" },
  },
  { action: "user.update", facts: { user: "usr_bo", role: "member" } },
  { action: "provider.update", facts: { provider: "anthropic" } },
  { action: "session.delete", actorId: "usr_bo", actor: "bo@example.com", sessionId: "ses_1" },
  { action: "provider.update", outcome: "failed", facts: { provider: "harbour" } },
]

/** 120 events, the newest first. */
export function seedEvents(now: number): AuditEvent[] {
  return Array.from({ length: 120 }, (_, n) => ({
    id: 5_000 - n,
    at: now - n * n * 3 * MINUTE_MS,
    actorId: ADA.id,
    actor: ADA.email,
    sessionId: null,
    requestId: `req_${String(5_000 - n)}`,
    address: "10.0.3.7",
    outcome: "ok",
    facts: {},
    ...(TOLD[n % TOLD.length] ?? { action: "login.create" }),
  }))
}
