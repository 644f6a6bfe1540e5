import { Ajv } from "ajv"
import type { FromSchema } from "json-schema-to-ts"

const text = { type: "string", minLength: 1 } as const
const texts = { type: "object", additionalProperties: { type: "string" } } as const

const planSchema = {
  type: "object",
  additionalProperties: false,
  required: ["namespace", "labels", "secrets", "brokerTls", "brokerCa"],
  properties: {
    namespace: text,
    labels: texts,
    secrets: {
      type: "array",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["name", "keys"],
        properties: {
          name: text,
          annotations: texts,
          /** Secret whose values are taken over where this one has none: the same secret under the name of its source before. */
          previous: text,
          keys: {
            type: "object",
            additionalProperties: {
              type: "object",
              additionalProperties: false,
              required: ["kind"],
              properties: {
                kind: { type: "string", enum: ["token", "password", "encryption-key", "literal"] },
                /** Of a literal only: something that is no secret. */
                value: { type: "string" },
              },
            },
          },
        },
      },
    },
    /** Secrets that a secret store is about to write, and the Secret that shows what the store holds. */
    stores: {
      type: "array",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["name", "externalSecret", "shown", "keys"],
        properties: {
          name: text,
          /** ExternalSecret that writes it. */
          externalSecret: text,
          previous: text,
          shown: text,
          /** Key of the Secret to its place in the store, for people. */
          keys: { type: "object", minProperties: 1, additionalProperties: text },
        },
      },
    },
    brokerTls: {
      type: "object",
      additionalProperties: false,
      required: ["secret", "create", "dnsNames"],
      properties: { secret: text, create: { type: "boolean" }, dnsNames: { type: "array", minItems: 1, items: text } },
    },
    brokerCa: {
      type: "object",
      additionalProperties: false,
      required: ["namespace", "configMap"],
      properties: { namespace: text, configMap: text },
    },
  },
} as const

/** What the chart asks the Job to make. It names keys and kinds, never values. */
export type Plan = FromSchema<typeof planSchema>

const validate = new Ajv({ allErrors: true, strict: true }).compile<Plan>(planSchema)

/** @throws Error when the text is not a plan */
export function parsePlan(json: string | undefined): Plan {
  const plan: unknown = JSON.parse(json ?? "null")
  if (validate(plan)) return plan
  const faults = (validate.errors ?? []).map((error) => `${error.instancePath || "plan"} ${error.message}`)
  throw new Error(`BERTH_SECRETS_PLAN: ${faults.join("; ")}`)
}
