import type { Audit, AuditFilters, AuditLog, AuditQuery } from "../../audit/index.ts"
import type { Identity, NewAccount, PasswordGiven, UserPatch } from "../../identity/index.ts"
import type { UsageQuery, UsageReport } from "../../usage/index.ts"
import type { Call } from "./route.ts"

type Caller = Pick<Call, "principal" | "visitor">

/** People, the record and what was used: what is administered. */
export function adminHandlers(parts: { identity: Identity; audit: Audit; auditLog: AuditLog; usage: UsageReport }) {
  const { identity, audit, auditLog, usage } = parts

  async function note({ principal, visitor }: Caller, action: string, facts: Record<string, unknown>): Promise<void> {
    const { requestId, address } = visitor
    const { userId: actorId, email: actor } = principal
    await audit.record({ actorId, actor, action, requestId, address, outcome: "ok", facts })
  }

  return {
    users: ({ query }: { query: { q?: string; cursor?: string; limit: number } }) => identity.users.list(query),
    createUser: ({ principal, body }: Caller & { body: NewAccount }) => identity.accounts.create(principal, body),
    setPassword: ({ principal, params, body }: Caller & { params: { id: string }; body: PasswordGiven }) =>
      identity.accounts.reset(principal, params.id, body),
    updateUser: ({ principal, params, body }: Caller & { params: { id: string }; body: UserPatch }) =>
      identity.users.update(principal, params.id, body),

    auditSeal: () => auditLog.seal(),
    audit: ({ query }: { query: AuditQuery }) => auditLog.list(query),
    async *exportAudit(call: Caller & { query: AuditFilters; signal: AbortSignal; setHeader: Call["setHeader"] }) {
      await note(call, "audit.export", { ...call.query })
      call.setHeader("content-disposition", 'attachment; filename="audit.ndjson"')
      yield* auditLog.pages(call.query, call.signal)
    },

    usage: ({ query }: { query: UsageQuery }) => usage.list(query),
  }
}
