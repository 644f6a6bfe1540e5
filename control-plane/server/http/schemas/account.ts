import { VISIBILITIES } from "../../sessions/types.ts"
import { pageOf, time } from "./common.ts"

export const authMethods = {
  title: "SignInMethods",
  description: "What the sign-in page offers, in the order to show it.",
  type: "object",
  additionalProperties: false,
  required: ["methods"],
  properties: {
    methods: {
      type: "array",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["id", "kind", "label", "path"],
        properties: {
          id: { type: "string", description: "`password`, or the id of an identity provider." },
          kind: {
            type: "string",
            enum: ["form", "redirect"],
            description: "Ask for e-mail and password, or go to `path`.",
          },
          label: { type: "string", description: "For people." },
          path: { type: ["string", "null"], description: "Relative to the path prefix; only with `redirect`." },
        },
      },
    },
  },
} as const

export const passwordSignIn = {
  title: "PasswordSignIn",
  description: "Proof of who one is.",
  type: "object",
  additionalProperties: false,
  required: ["email", "password"],
  properties: {
    email: { type: "string", minLength: 1, maxLength: 320, description: "As given when the account was made." },
    password: { type: "string", minLength: 1, maxLength: 4_096, description: "Never logged, never stored." },
  },
} as const

export const me = {
  title: "Me",
  description: "The person who makes the request.",
  type: "object",
  additionalProperties: false,
  required: ["id", "email", "name", "role", "method"],
  properties: {
    id: { type: "string", description: "Stable." },
    email: { type: "string", description: "May change; not an identity." },
    name: { type: "string", description: "For people." },
    role: { type: "string", description: "`admin`, `member`, `readonly`, or a role of the operator's." },
    method: {
      type: "string",
      enum: ["password", "oidc", "header", "token"],
      description: "How this request proves it.",
    },
  },
} as const

const login = {
  title: "Login",
  description: "A signed-in browser.",
  type: "object",
  additionalProperties: false,
  required: ["id", "method", "userAgent", "address", "createdAt", "lastSeenAt", "current"],
  properties: {
    id: { type: "string", description: "To revoke it with." },
    method: { type: "string", description: "How it signed in." },
    userAgent: { type: "string", description: "The browser's own words." },
    address: { type: "string", description: "Where it signed in from." },
    createdAt: time,
    lastSeenAt: time,
    current: { type: "boolean", description: "True for the one that asks." },
  },
} as const

export const loginPage = pageOf(login, "Signed-in browsers, the one used last first.")

export const revoked = {
  title: "Revoked",
  description: "How much has been ended.",
  type: "object",
  additionalProperties: false,
  required: ["count"],
  properties: { count: { type: "integer", description: "Sign-ins that have been ended." } },
} as const

export const settings = {
  title: "Settings",
  description: "A person's preferences.",
  type: "object",
  additionalProperties: false,
  required: ["defaultVisibility"],
  properties: {
    defaultVisibility: {
      type: "string",
      enum: VISIBILITIES,
      description: "Visibility of a new session that does not say.",
    },
  },
} as const
