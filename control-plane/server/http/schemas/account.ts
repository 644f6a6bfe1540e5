import { SCOPES } from "../../identity/index.ts"
import { VISIBILITIES } from "../../settings/types.ts"
import { displayName, pageOf, time, timeLimits } from "./common.ts"

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
  required: ["id", "email", "name", "role", "method", "mustChangePassword"],
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
    mustChangePassword: {
      type: "boolean",
      description:
        "True after signing in with a one-time password: until another one is chosen, everything else is refused with `password_change_required`.",
    },
  },
} as const

export const updateMe = {
  title: "UpdateMe",
  description: "One's own account. Who signs in elsewhere has the name that is told there.",
  type: "object",
  additionalProperties: false,
  required: ["name"],
  properties: { name: displayName },
} as const

export const changePassword = {
  title: "ChangePassword",
  description: "Replace one's own password. It signs out one's other browsers.",
  type: "object",
  additionalProperties: false,
  required: ["current", "new"],
  properties: {
    current: { type: "string", minLength: 1, maxLength: 4_096, description: "The one in use." },
    new: {
      type: "string",
      minLength: 1,
      maxLength: 4_096,
      description: "12 characters at least; none that is guessed first, and not one's own name.",
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

export const signedOut = {
  title: "SignedOut",
  description: "Signed out here.",
  type: "object",
  additionalProperties: false,
  required: ["redirect"],
  properties: {
    redirect: { type: ["string", "null"], description: "Go there to sign out at the identity provider too." },
  },
} as const

export const leaveQuery = {
  description: "Where to go afterwards.",
  type: "object",
  additionalProperties: false,
  properties: {
    return: { type: "string", maxLength: 4_096, description: "A path of this installation." },
    moved: { type: "string", enum: ["1"], description: "Set by the redirect to the installation's public name." },
  },
} as const

export const comeBackQuery = {
  description: "What the identity provider says; see OpenID Connect Core 1.0, section 3.1.2.5.",
  type: "object",
  maxProperties: 32,
  additionalProperties: { type: "string", maxLength: 8_192 },
} as const

const tokenProperties = {
  id: { type: "string", description: "To delete it with." },
  name: { type: "string", description: "For people." },
  scopes: { type: "array", items: { type: "string", enum: SCOPES }, description: "What it may be used for." },
  createdAt: time,
  lastUsedAt: { type: ["integer", "null"], description: "Milliseconds since the epoch, to the minute." },
  expiresAt: time,
} as const
const tokenRequired = ["id", "name", "scopes", "createdAt", "lastUsedAt", "expiresAt"] as const

const apiToken = {
  title: "ApiToken",
  description: "A token for programs, without the token.",
  type: "object",
  additionalProperties: false,
  required: tokenRequired,
  properties: tokenProperties,
} as const

export const tokenPage = pageOf(apiToken, "One's tokens, the newest first.")

export const newToken = {
  title: "NewApiToken",
  description: "A token, shown this once.",
  type: "object",
  additionalProperties: false,
  required: [...tokenRequired, "token"],
  properties: { ...tokenProperties, token: { type: "string", description: "Send it as Authorization: Bearer." } },
} as const

export const createToken = {
  title: "CreateApiToken",
  description: "A new token.",
  type: "object",
  additionalProperties: false,
  required: ["name", "scopes", "expiresAt"],
  properties: {
    name: { type: "string", minLength: 1, maxLength: 100, description: "For people." },
    scopes: {
      type: "array",
      minItems: 1,
      maxItems: 32,
      items: { type: "string", enum: SCOPES },
      description: "What it may be used for; never more than its owner may do.",
    },
    expiresAt: { type: "integer", ...timeLimits, description: "Milliseconds since the epoch, in the future." },
  },
} as const
