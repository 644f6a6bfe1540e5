const emptyByDefault = { type: "string", default: "" } as const
const header = { type: "string", pattern: "^[A-Za-z0-9-]*$", maxLength: 64, default: "" } as const

/** The parts of the configuration file that say how people sign in. */
export const signInSchemas = {
  oidc: {
    type: "object",
    additionalProperties: false,
    default: {},
    properties: {
      enabled: { type: "boolean", default: false },
      /** Last segment of the redirect address; empty means `oidc`. */
      providerId: { type: "string", pattern: "^[A-Za-z0-9_-]{0,64}$", default: "" },
      /** What the button on the sign-in page says. */
      label: { type: "string", maxLength: 64, default: "Single sign-on" },
      /** Only addresses `<name>@<domain>` may sign in; empty means everybody whom the provider knows. With commas, or a list. */
      domain: { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }], default: "" },
      /** The claim with the e-mail address. Another one than `email` never counts as verified. */
      emailClaim: { type: "string", minLength: 1, default: "email" },
      issuer: emptyByDefault,
      clientId: emptyByDefault,
      publicClient: { type: "boolean", default: false },
      pkce: { type: "boolean", default: true },
      scopes: { type: "array", items: { type: "string", minLength: 1 }, default: ["openid", "email", "profile"] },
      tokenEndpointAuthMethod: {
        type: "string",
        enum: ["client_secret_post", "client_secret_basic"],
        default: "client_secret_post",
      },
      /** Link an existing account by a verified e-mail address, once. */
      linkByEmail: { type: "boolean", default: false },
      /** Plain HTTP to the provider: only for a provider on the same machine or a test. */
      allowInsecureIssuer: { type: "boolean", default: false },
    },
  },
  headerAuth: {
    type: "object",
    additionalProperties: false,
    default: {},
    properties: {
      enabled: { type: "boolean", default: false },
      email: {
        type: "object",
        additionalProperties: false,
        default: {},
        properties: { header, claim: { type: "string", minLength: 1, default: "email" } },
      },
      jwt: { type: "object", additionalProperties: false, default: {}, properties: { header } },
      user: {
        type: "object",
        additionalProperties: false,
        default: {},
        properties: { header, claim: { type: "string", minLength: 1, default: "name" } },
      },
      /** How a request proves that it came through the proxy; at least one of the three. */
      trust: {
        type: "object",
        additionalProperties: false,
        default: {},
        properties: {
          cidrs: { type: "array", items: { type: "string" }, default: [] },
          jwt: {
            type: "object",
            additionalProperties: false,
            default: {},
            properties: { issuer: emptyByDefault, audience: emptyByDefault, jwksUri: emptyByDefault },
          },
          sharedSecret: {
            type: "object",
            additionalProperties: false,
            default: {},
            properties: { enabled: { type: "boolean", default: false }, header },
          },
        },
      },
    },
  },
  roleMapping: {
    type: "object",
    additionalProperties: false,
    default: {},
    properties: {
      /** The claim that lists a person's groups. */
      claim: { type: "string", default: "groups" },
      /** Role to the groups that give it; the first role with a match counts, in the order written. */
      roles: {
        type: "object",
        additionalProperties: { type: "array", items: { type: "string", minLength: 1 } },
        default: {},
      },
      /** The role of a person whom no group gives one. */
      default: { type: "string", minLength: 1, default: "member" },
    },
  },
} as const
