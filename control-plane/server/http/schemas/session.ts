import { BINDING_TYPES } from "../../credentials/index.ts"
import { ACTIVITIES, DESIRED, STATUSES, STEP_NAMES } from "../../sessions/types.ts"
import { VISIBILITIES } from "../../settings/types.ts"
import { pageOf, time } from "./common.ts"

const title = { type: "string", minLength: 1, maxLength: 200, description: "For people." } as const
const tags = {
  type: "object",
  maxProperties: 32,
  propertyNames: { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$" },
  additionalProperties: { type: "string", maxLength: 256 },
  description: "Free names and values to find it by.",
} as const
const nullableTime = { type: ["integer", "null"], description: "Milliseconds since the epoch." } as const
const nullableText = { type: ["string", "null"] } as const

const startStep = {
  title: "StartStep",
  description: "One named step of a start-up.",
  type: "object",
  additionalProperties: false,
  required: ["name", "state", "startedAt", "endedAt", "detail"],
  properties: {
    name: { type: "string", enum: STEP_NAMES, description: "Which step." },
    state: { type: "string", enum: ["pending", "active", "done", "failed"], description: "How far it is." },
    startedAt: nullableTime,
    endedAt: nullableTime,
    detail: { ...nullableText, description: "The scheduler's, the kubelet's or git's own words." },
  },
} as const

export const session = {
  title: "Session",
  description: "A session as the caller may see it.",
  type: "object",
  additionalProperties: false,
  required: [
    "id",
    "title",
    "owner",
    "visibility",
    "desired",
    "status",
    "activity",
    "reason",
    "steps",
    "repository",
    "profile",
    "tags",
    "lastMessage",
    "helpers",
    "createdAt",
    "updatedAt",
    "may",
  ],
  properties: {
    id: { type: "string", description: "Stable." },
    title: { type: "string", description: "For people." },
    owner: {
      type: "object",
      description: "Whose it is.",
      additionalProperties: false,
      required: ["id", "name", "email"],
      properties: { id: { type: "string" }, name: { type: "string" }, email: { type: "string" } },
    },
    visibility: { type: "string", enum: VISIBILITIES, description: "`public`: everybody signed in may watch." },
    desired: { type: "string", enum: DESIRED, description: "What was asked for." },
    status: { type: "string", enum: STATUSES, description: "What is." },
    activity: {
      type: "string",
      enum: ACTIVITIES,
      description: "What a running agent does; `waiting`: it asked something.",
    },
    reason: {
      type: ["object", "null"],
      description: "Why it failed or waits.",
      additionalProperties: false,
      required: ["code", "message", "hint"],
      properties: {
        code: { type: "string", description: "Stable; for programs." },
        message: { type: "string", description: "What happened." },
        hint: { type: "string", description: "What to do about it." },
      },
    },
    steps: { type: "array", items: startStep, description: "The start-up, step by step." },
    repository: {
      type: ["object", "null"],
      description: "What was cloned into the workspace.",
      additionalProperties: false,
      required: ["url", "ref"],
      properties: {
        url: { type: "string" },
        ref: nullableText,
        depth: { type: ["integer", "null"], description: "Commits of history; null: all of it." },
        submodules: { type: "boolean", description: "Whether its submodules were cloned as well." },
      },
    },
    profile: { ...nullableText, description: "The profile that it was made with." },
    binding: { ...nullableText, description: "Type of the binding that it has instead of the profile's." },
    environmentFiles: {
      type: "array",
      items: { type: "string" },
      description: "The operator's environment files that it was made with.",
    },
    tags: { type: "object", additionalProperties: { type: "string" }, description: "Free names and values." },
    lastMessage: {
      type: ["object", "null"],
      description: "The newest words of the conversation, shortened.",
      additionalProperties: false,
      required: ["role", "text", "at"],
      properties: { role: { type: "string", enum: ["user", "assistant"] }, text: { type: "string" }, at: time },
    },
    helpers: {
      type: ["object", "null"],
      description: "What the agent found at its start.",
      additionalProperties: false,
      required: ["settingsPresent", "names"],
      properties: {
        settingsPresent: { type: "boolean" },
        names: { type: "array", items: { type: "string" }, description: "Sorted." },
      },
    },
    volume: {
      type: ["object", "null"],
      description: "Room on its volume, as the pod last told.",
      additionalProperties: false,
      required: ["totalBytes", "freeBytes"],
      properties: {
        totalBytes: { type: "integer", minimum: 0, description: "In all." },
        freeBytes: { type: "integer", minimum: 0, description: "Not used." },
      },
    },
    createdAt: time,
    updatedAt: time,
    may: {
      type: "object",
      description: "What the caller may do.",
      additionalProperties: false,
      required: ["write", "manage", "readFiles"],
      properties: { write: { type: "boolean" }, manage: { type: "boolean" }, readFiles: { type: "boolean" } },
    },
  },
} as const

const { may: _may, ...sharedProperties } = session.properties
export const sharedSession = {
  ...session,
  title: "SharedSession",
  description: "A session without what depends on the caller.",
  required: session.required.filter((name) => name !== "may"),
  properties: sharedProperties,
} as const

export const sessionPage = pageOf(session, "Sessions, the newest first.")

export const createSession = {
  title: "CreateSession",
  description: "A new session. Everything has a default.",
  type: "object",
  additionalProperties: false,
  properties: {
    title,
    private: { type: "boolean", description: "Absent: the user's setting." },
    initialUserPrompt: {
      type: "string",
      minLength: 1,
      maxLength: 200_000,
      description: "Sent as soon as the agent runs.",
    },
    repository: {
      type: "object",
      description: "What to clone into the workspace.",
      additionalProperties: false,
      required: ["url"],
      properties: {
        url: { type: "string", minLength: 1, maxLength: 2_048, description: "https, ssh or scp-like address." },
        ref: { type: "string", minLength: 1, maxLength: 255, description: "Branch, tag or commit." },
        depth: {
          type: "integer",
          minimum: 1,
          maximum: 1_000_000,
          description: "Commits of history to clone. Absent: all of it.",
        },
        submodules: {
          type: "boolean",
          description:
            "Clone its submodules as well. The session may then read, not write, all that lies beside its repository at the host, and public repositories of the configured hosts.",
        },
      },
    },
    profile: {
      type: "string",
      minLength: 1,
      maxLength: 64,
      description: "Credential profile, from `GET /api/profiles`. Absent: the installation's default.",
    },
    binding: {
      type: "object",
      description:
        "Instead of the profile's `default_binding`, in the same words. The profile says which types it allows.",
      additionalProperties: false,
      required: ["type"],
      properties: {
        type: { type: "string", enum: BINDING_TYPES, description: "`bearer_env` exposes the token to the agent." },
        runtime_auth_resolver: { type: "string", maxLength: 128, description: "A resolver of the profile." },
        env_name: { type: "string", maxLength: 128, description: "Variable, for `bearer_env`." },
        provider: { type: "string", maxLength: 64, description: "Model provider that the token is for." },
      },
    },
    environmentFiles: {
      type: "array",
      maxItems: 16,
      uniqueItems: true,
      items: { type: "string", minLength: 1, maxLength: 67 },
      description:
        "Environment files of the operator, from `GET /api/profiles`; later ones go over earlier ones, and over those of the role and the profile.",
    },
    environment: {
      type: "object",
      maxProperties: 128,
      propertyNames: { type: "string", pattern: "^[A-Za-z_][A-Za-z0-9_]{0,127}$" },
      additionalProperties: { type: "string", maxLength: 32_768 },
      description: "Environment of the agent; goes over every environment file. Stored encrypted and never answered.",
    },
    tags,
  },
} as const

export const updateSession = {
  title: "UpdateSession",
  description: "What to change.",
  type: "object",
  additionalProperties: false,
  minProperties: 1,
  properties: {
    title,
    visibility: { type: "string", enum: VISIBILITIES, description: "Takes effect at once, on open streams too." },
    tags,
  },
} as const

export const enlargeVolume = {
  title: "EnlargeVolume",
  description: "A larger volume.",
  type: "object",
  additionalProperties: false,
  required: ["storageSize"],
  properties: {
    storageSize: {
      type: "string",
      maxLength: 12,
      pattern: "^[1-9][0-9]{0,8}(Mi|Gi|Ti)$",
      description: "More than it has, for example `10Gi`. The operator limits it with `sessionVolume.maxStorageSize`.",
    },
  },
} as const

export const sessionQuery = {
  description: "Filters, which must all hold, and the page.",
  type: "object",
  additionalProperties: false,
  patternProperties: {
    "^tag\\.[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$": { type: "string", maxLength: 256, description: "Value of a tag." },
  },
  properties: {
    visibility: { type: "string", enum: VISIBILITIES, description: "Only these." },
    status: { type: "string", enum: STATUSES, description: "Only these." },
    owner: { type: "string", maxLength: 128, description: "A user's id, or `me`." },
    q: { type: "string", maxLength: 200, description: "Words in the title or the repository." },
    cursor: { type: "string", maxLength: 512, description: "From the page before." },
    limit: { type: "integer", minimum: 1, maximum: 200, default: 50, description: "Of one page." },
  },
} as const
