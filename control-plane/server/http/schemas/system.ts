export const health = {
  title: "Health",
  description: "The process is alive.",
  type: "object",
  additionalProperties: false,
  required: ["status"],
  properties: { status: { type: "string", description: "`ok`." } },
} as const

export const readiness = {
  title: "Readiness",
  description: "Whether this replica can serve. Answered with status 503 when it cannot.",
  type: "object",
  additionalProperties: false,
  required: ["ready", "checks"],
  properties: {
    ready: { type: "boolean", description: "All checks are ok." },
    checks: {
      type: "object",
      additionalProperties: { type: "string" },
      description: "By check: `ok`, or what is wrong in a few words.",
    },
  },
} as const

export const openapi = {
  description: "An OpenAPI 3.1 document.",
  type: "object",
  additionalProperties: true,
} as const
