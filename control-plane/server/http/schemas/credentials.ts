import { pageOf, time } from "./common.ts"

/** Its own fields are checked where it is understood; 1 MiB of it at most, as of every body. */
export const providerJson = {
  title: "ProviderDefinition",
  description:
    "OpenCode's provider object, as in `provider.<id>` of its configuration. A secret is `%%SECRET%%` in every answer; sent back, that keeps it.",
  type: "object",
  maxProperties: 64,
} as const

export const provider = {
  title: "Provider",
  description: "A model provider.",
  type: "object",
  additionalProperties: false,
  required: ["id", "source", "definition", "faults", "warnings", "updatedAt", "updatedBy"],
  properties: {
    id: { type: "string", description: "As in `<provider>/<model>`." },
    source: { type: "string", enum: ["values", "database"], description: "Where it comes from." },
    definition: providerJson,
    faults: {
      type: "array",
      items: { type: "string" },
      description: "Why agents do not get it; empty for one that is in force.",
    },
    warnings: {
      type: "array",
      items: { type: "string" },
      description: "What is not wrong and should be known, for example a model without a limit.",
    },
    updatedAt: { type: ["integer", "null"], description: "Milliseconds since the epoch; null for one of the values." },
    updatedBy: { type: ["string", "null"], description: "Who saved it last; null for one of the values." },
  },
} as const

export const providerPage = pageOf(provider, "All model providers.")

export const providerTest = {
  title: "ProviderTest",
  description: "How a provider answered when it was tried.",
  type: "object",
  additionalProperties: false,
  required: ["ok", "verdict", "status", "message"],
  properties: {
    ok: { type: "boolean", description: "Whether it accepted the key." },
    verdict: {
      type: "string",
      enum: ["works", "fails", "unknown"],
      description: "`unknown`: the provider answers, and does not say whether the key works.",
    },
    status: { type: ["integer", "null"], description: "HTTP status; null when it could not be reached." },
    message: { type: "string", description: "Its words, or why it could not be reached." },
  },
} as const

const profile = {
  title: "Profile",
  description: "A set of credentials that a session can be made with. Names only, never a value.",
  type: "object",
  additionalProperties: false,
  required: ["name", "isDefault", "binding", "allowedBindings", "resolvers", "environmentFiles", "exposedToAgent"],
  properties: {
    name: { type: "string", description: "For `profile` of a new session." },
    isDefault: { type: "boolean", description: "Taken when a session names none." },
    binding: { type: "string", description: "How its token reaches the work." },
    allowedBindings: {
      type: "array",
      items: { type: "string" },
      description: "Types that `binding` of a new session may have.",
    },
    resolvers: {
      type: "array",
      items: { type: "string" },
      description: "Names that `binding.runtime_auth_resolver` of a new session may have.",
    },
    environmentFiles: {
      type: "array",
      items: { type: "string" },
      description: "Environment files that it brings; the agent can read what is in them.",
    },
    exposedToAgent: {
      type: "array",
      items: { type: "string" },
      description: "Variables that the agent itself can read.",
    },
  },
} as const

const profiles = pageOf(profile, "All profiles, and the environment files that a session can be made with.")
export const profilePage = {
  ...profiles,
  required: [...profiles.required, "environmentFiles", "hasProviders"],
  properties: {
    ...profiles.properties,
    environmentFiles: {
      type: "array",
      items: { type: "string" },
      description: "For `environmentFiles` of a new session.",
    },
    hasProviders: {
      type: "boolean",
      description: "Whether any model provider is configured; without one, agents cannot answer.",
    },
  },
} as const

const linkedAccount = {
  title: "LinkedAccount",
  description: "An account at a git host that one's sessions work with.",
  type: "object",
  additionalProperties: false,
  required: ["id", "provider", "host", "login", "name", "email", "brokenReason", "createdAt"],
  properties: {
    id: { type: "string", description: "Stable." },
    provider: { type: "string", description: "Its kind: `github`." },
    host: { type: "string", description: "As in the addresses of repositories." },
    login: { type: "string", description: "The name there." },
    name: { type: "string", description: "In commits." },
    email: { type: "string", description: "In commits." },
    brokenReason: { type: ["string", "null"], description: "Why it has to be linked again; null while it works." },
    createdAt: time,
  },
} as const

export const linkedAccounts = {
  title: "LinkedAccounts",
  description: "One's linked accounts, and where one can be linked.",
  type: "object",
  additionalProperties: false,
  required: ["items", "nextCursor", "available"],
  properties: {
    ...pageOf(linkedAccount, "").properties,
    available: {
      type: "array",
      description: "Where accounts can be linked.",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["provider", "host", "installUrl"],
        properties: {
          provider: { type: "string", description: "Its kind: `github`." },
          host: { type: "string", description: "As in the addresses of repositories." },
          installUrl: {
            type: ["string", "null"],
            description: "Where the owner of a repository lets in the app that accounts are linked through.",
          },
        },
      },
    },
  },
} as const

export const linkStart = {
  title: "LinkStart",
  description: "Where the browser goes to allow the linking.",
  type: "object",
  additionalProperties: false,
  required: ["url"],
  properties: { url: { type: "string", description: "At the git host; good for ten minutes, once." } },
} as const

export const linkAnswer = {
  description: "What the git host sends along with the browser.",
  type: "object",
  maxProperties: 16,
  properties: {
    state: { type: "string", maxLength: 256, description: "As it was sent there." },
    code: { type: "string", maxLength: 1_024, description: "Stands for what was allowed; works once." },
    error: { type: "string", maxLength: 256, description: "Why it was not allowed." },
  },
  additionalProperties: { type: "string", maxLength: 2_048 },
} as const

export const rotation = {
  title: "Rotation",
  description: "What the sealing under the newest key came to.",
  type: "object",
  additionalProperties: false,
  required: ["resealed", "failed", "retired"],
  properties: {
    resealed: { type: "integer", description: "Values that are now sealed under the newest key." },
    failed: { type: "integer", description: "Values that could not be opened; the log names them." },
    retired: {
      type: "array",
      items: { type: "string" },
      description: "Ids of keys that nothing is sealed under any more: they may be taken out of the ring.",
    },
  },
} as const
