/**
 * What OpenCode 1.18.33 accepts in its configuration, of the parts that Berth passes on. It exits at its start when
 * something is of another type. A test holds this against the description that the binary itself gives (`GET /doc`).
 */

const text = { type: "string" } as const
const flag = { type: "boolean" } as const
const number = { type: "number" } as const
const texts = { type: "array", items: text } as const
const media = { type: "array", items: { type: "string", enum: ["text", "audio", "image", "video", "pdf"] } } as const

const prices = { input: number, output: number, cache_read: number, cache_write: number } as const
const interleaved = {
  anyOf: [
    flag,
    text,
    { type: "object", properties: { field: text }, required: ["field"], additionalProperties: false },
  ],
} as const

/** Members of a model, by name. */
export const modelMembers = {
  id: text,
  name: text,
  family: text,
  release_date: text,
  attachment: flag,
  reasoning: flag,
  temperature: flag,
  tool_call: flag,
  interleaved,
  cost: {
    type: "object",
    properties: {
      ...prices,
      context_over_200k: {
        type: "object",
        properties: prices,
        required: ["input", "output"],
        additionalProperties: false,
      },
    },
    required: ["input", "output"],
    additionalProperties: false,
  },
  limit: {
    type: "object",
    properties: { context: number, input: number, output: number },
    required: ["context", "output"],
    additionalProperties: false,
  },
  modalities: { type: "object", properties: { input: media, output: media }, additionalProperties: false },
  experimental: flag,
  status: { type: "string", enum: ["alpha", "beta", "deprecated", "active"] },
  provider: { type: "object", properties: { npm: text, api: text }, additionalProperties: false },
  options: { type: "object" },
  headers: { type: "object", additionalProperties: text },
  variants: {
    type: "object",
    additionalProperties: { type: "object", properties: { disabled: flag }, additionalProperties: true },
  },
} as const

/** Members of a provider, by name. What `options` may hold depends on the package. */
export const providerMembers = {
  api: text,
  name: text,
  env: texts,
  id: text,
  npm: text,
  whitelist: texts,
  blacklist: texts,
  options: { type: "object" },
  models: {
    type: "object",
    additionalProperties: { type: "object", properties: modelMembers, additionalProperties: false },
  },
} as const

const action = { type: "string", enum: ["ask", "allow", "deny"] } as const
const rule = { anyOf: [action, { type: "object", additionalProperties: action }] } as const

/** OpenCode's `permission`: one action for everything, or rules by tool. */
export const permissionShape = {
  anyOf: [
    action,
    {
      type: "object",
      properties: {
        read: rule,
        edit: rule,
        glob: rule,
        grep: rule,
        list: rule,
        bash: rule,
        task: rule,
        external_directory: rule,
        todowrite: action,
        question: action,
        webfetch: action,
        websearch: action,
        lsp: rule,
        doom_loop: action,
        skill: rule,
      },
      additionalProperties: rule,
    },
  ],
} as const
