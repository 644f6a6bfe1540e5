import { OUTCOMES } from "../../audit/types.ts"
import { displayName, pageOf, time, timeLimits } from "./common.ts"

export const user = {
  title: "User",
  description: "A person, as administrators see them.",
  type: "object",
  additionalProperties: false,
  required: ["id", "issuer", "email", "name", "role", "disabled", "createdAt", "lastSignInAt"],
  properties: {
    id: { type: "string", description: "Stable." },
    issuer: { type: "string", description: "Who vouches for them; `local` for an account with a password here." },
    email: { type: "string", description: "May change; not an identity." },
    name: { type: "string", description: "For people." },
    role: { type: "string", description: "`admin`, `member`, `readonly`, or a role of the operator's." },
    disabled: { type: "boolean", description: "Cannot sign in; everything they were signed in with has ended." },
    createdAt: time,
    lastSignInAt: { type: ["integer", "null"], description: "Milliseconds since the epoch." },
  },
} as const

const role = {
  type: "string",
  pattern: "^[a-z][a-z0-9-]{0,62}$",
} as const

const passwordGiven = {
  password: {
    type: "string",
    minLength: 1,
    maxLength: 4_096,
    description: "Without it one is made, and answered this once. API tokens cannot set it.",
  },
  mustChange: {
    type: "boolean",
    default: true,
    description:
      "Of a given password: it has to be replaced at the first sign-in, within 7 days. Always true of one that is made.",
  },
} as const

const oneTimePassword = {
  type: ["string", "null"],
  description:
    "Shown this once; null when a password was given, and to API tokens: the account then has no password until an administrator sets one. Good for 7 days and for choosing another one.",
} as const

export const createUser = {
  title: "CreateUser",
  description: "A new account with a password here.",
  type: "object",
  additionalProperties: false,
  required: ["email"],
  properties: {
    email: {
      type: "string",
      maxLength: 320,
      pattern: "^[^\\s@,;]+@[^\\s@,;]+$",
      description: "What to sign in with; upper and lower case are the same.",
    },
    name: {
      type: "string",
      maxLength: 200,
      description: "For people; the part of the address before the @ otherwise.",
    },
    role: { ...role, default: "member", description: "`admin`, `member`, `readonly`, or a role of the operator's." },
    ...passwordGiven,
  },
} as const

export const newUser = {
  ...user,
  title: "NewUser",
  description: "A user just made.",
  required: [...user.required, "oneTimePassword"],
  properties: { ...user.properties, oneTimePassword },
} as const

export const setPassword = {
  title: "SetPassword",
  description: "A new password for another user.",
  type: "object",
  additionalProperties: false,
  properties: passwordGiven,
} as const

export const passwordSet = {
  title: "PasswordSet",
  description: "The password is set, and everything that the user was signed in with has ended; API tokens go on.",
  type: "object",
  additionalProperties: false,
  required: ["oneTimePassword"],
  properties: { oneTimePassword },
} as const

export const userPage = pageOf(user, "Users, in the order of their ids.")

export const userQuery = {
  description: "Which users.",
  type: "object",
  additionalProperties: false,
  properties: {
    q: { type: "string", minLength: 1, maxLength: 200, description: "Part of the name or the address." },
    cursor: { type: "string", maxLength: 128, description: "From the page before." },
    limit: { type: "integer", minimum: 1, maximum: 200, default: 50, description: "Of one page." },
  },
} as const

export const updateUser = {
  title: "UpdateUser",
  description: "What to change. Takes effect at once, on open streams too.",
  type: "object",
  additionalProperties: false,
  minProperties: 1,
  properties: {
    role: { ...role, description: "Replaced at the next sign-in where roles are mapped." },
    disabled: {
      type: "boolean",
      description:
        "True ends everything the user is signed in with; their API tokens stop working until they are enabled again.",
    },
    name: { ...displayName, description: "For people. Only of an account with a password here." },
  },
} as const

export const auditEvent = {
  title: "AuditEvent",
  description: "An action, or an attempt.",
  type: "object",
  additionalProperties: false,
  required: ["id", "at", "actorId", "actor", "action", "sessionId", "requestId", "address", "outcome", "facts"],
  properties: {
    id: { type: "integer", description: "Grows with time." },
    at: time,
    actorId: { type: ["string", "null"], description: "The user's id." },
    actor: { type: "string", description: "How people know the actor." },
    action: { type: "string", description: "`login.create`, `session.delete`, …" },
    sessionId: { type: ["string", "null"], description: "The session concerned." },
    requestId: { type: ["string", "null"], description: "The same as in the log." },
    address: { type: ["string", "null"], description: "Where it came from." },
    outcome: { type: "string", enum: OUTCOMES, description: "How it ended." },
    facts: { type: "object", additionalProperties: true, description: "Names, ids and counts; never a secret." },
  },
} as const

export const auditPage = pageOf(auditEvent, "Audit events, the newest first.")

export const auditSeal = {
  title: "AuditSeal",
  description: "How far the record is sealed. It is sealed once a minute.",
  type: "object",
  additionalProperties: false,
  required: ["checkpoint", "unsealed"],
  properties: {
    checkpoint: {
      type: ["object", "null"],
      description: "The newest one, which covers every event up to `lastId`; null before the first.",
      additionalProperties: false,
      required: ["id", "lastId", "sealedAt", "keyId", "digest"],
      properties: {
        id: { type: "integer", description: "One more than that of the checkpoint before." },
        lastId: { type: "integer", description: "Of the last event that it covers." },
        sealedAt: time,
        keyId: { type: "string", description: "The key of the encryption ring that its signature is made with." },
        digest: {
          type: "string",
          pattern: "^[0-9a-f]{64}$",
          description:
            "Over its events and all checkpoints before. Kept elsewhere, it shows later that none was taken away.",
        },
      },
    },
    unsealed: {
      type: "object",
      description: "What came after it.",
      additionalProperties: false,
      required: ["events", "oldestAt"],
      properties: {
        events: { type: "integer", description: "Counted up to 10,000." },
        oldestAt: {
          type: ["integer", "null"],
          description: "Milliseconds since the epoch. Minutes ago: sealing does not work, see the log.",
        },
      },
    },
  },
} as const

export const auditQuery = {
  description: "Filters, which must all hold, and the page.",
  type: "object",
  additionalProperties: false,
  properties: {
    actorId: { type: "string", maxLength: 128, description: "Only of this user." },
    action: { type: "string", maxLength: 64, description: "Only this action, or all of a subject: `session.`" },
    sessionId: { type: "string", maxLength: 128, description: "Only about this session." },
    outcome: { type: "string", enum: OUTCOMES, description: "Only with this end." },
    from: { type: "integer", ...timeLimits, description: "Not before; milliseconds since the epoch." },
    until: { type: "integer", ...timeLimits, description: "Before; milliseconds since the epoch." },
    cursor: { type: "string", pattern: "^[0-9]{1,15}$", description: "From the page before." },
    limit: { type: "integer", minimum: 1, maximum: 1_000, default: 100, description: "Of one page." },
  },
} as const

const { cursor: _cursor, limit: _limit, ...auditFilters } = auditQuery.properties

export const auditExportQuery = {
  description: "Filters, which must all hold.",
  type: "object",
  additionalProperties: false,
  properties: {
    ...auditFilters,
    cursor: {
      type: "string",
      pattern: "^[0-9]{1,15}$",
      description: "Only events before this id: the last one received of an export that broke off.",
    },
  },
} as const

const day = { type: "string", format: "date", maxLength: 10 } as const

const usageRow = {
  title: "UsageRow",
  description: "What one user's sessions asked of one model provider, deleted sessions included.",
  type: "object",
  additionalProperties: false,
  required: ["userId", "email", "name", "provider", "requests", "failedRequests", "responseBytes"],
  properties: {
    userId: { type: "string", description: "As in `GET /api/users`." },
    email: { type: ["string", "null"], description: "Null for a user who no longer exists." },
    name: { type: ["string", "null"], description: "For people." },
    provider: { type: "string", description: "The id of a model provider, also of one that was deleted." },
    requests: { type: "integer", description: "All of them, failed ones too." },
    failedRequests: { type: "integer", description: "The provider refused them, or did not answer to the end." },
    responseBytes: { type: "integer", description: "Of what the provider answered." },
  },
} as const

const usageRows = pageOf(usageRow, "Model usage by user and provider, in the order of their ids.")

export const usagePage = {
  ...usageRows,
  required: [...usageRows.required, "from", "to"],
  properties: {
    ...usageRows.properties,
    from: { ...day, description: "The first day that is counted." },
    to: { ...day, description: "The last day that is counted." },
  },
} as const

export const usageQuery = {
  description: "Which days, and the page.",
  type: "object",
  additionalProperties: false,
  properties: {
    from: { ...day, description: "The first day, in UTC; 29 days before the last one otherwise." },
    to: { ...day, description: "The last day, in UTC; today otherwise." },
    cursor: { type: "string", pattern: "^[^/]{1,128}/[^/]{1,128}$", description: "From the page before." },
    limit: { type: "integer", minimum: 1, maximum: 1_000, default: 200, description: "Of one page." },
  },
} as const
