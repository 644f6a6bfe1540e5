import { describe, expect, it } from "vitest"
import { type BindingInput, createProfiles, profileFaults } from "../index.ts"

// The profile of the document that this configuration follows, with our names.
const vertex = {
  runtime_auth_resolvers: { vertex_helper: { type: "command", command: "fetch-vertex-token", ttl_ms: 60_000 } },
  env: { CLAUDE_CODE_USE_VERTEX: "1", ANTHROPIC_VERTEX_PROJECT_ID: "my-project" },
  default_binding: { type: "claude_api_key_helper", runtime_auth_resolver: "vertex_helper" },
}

const chosen = (profile: string | null, binding: BindingInput | null = null) => ({ profile, binding })
const file = (profiles: Record<string, unknown>, authProfile?: string) => ({
  credentials: { profiles },
  sessions: authProfile === undefined ? {} : { authProfile },
})
const faultsOf = (profile: Record<string, unknown>) => profileFaults(file({ p: profile }))
const resolvers = { r: { type: "command", command: "fetch" } }

describe("a credential profile", () => {
  it("becomes what the pod needs: environment, user settings, and the helper with its provider", () => {
    const profiles = createProfiles({ config: { file: file({ vertex }, "vertex") } })
    expect(profiles.plan(chosen(null))).toEqual({
      environment: vertex.env,
      environmentFiles: [],
      userSettings: {
        apiKeyHelper: "fetch-vertex-token",
        env: { ...vertex.env, CLAUDE_CODE_API_KEY_HELPER_TTL_MS: "60000" },
      },
      resolvers: [
        {
          name: "vertex_helper",
          command: ["fetch-vertex-token"],
          ttl_ms: 60_000,
          environment: vertex.env,
          provider: "anthropic",
          variable: null,
        },
      ],
    })
  })

  it("tells by names what of it the agent can read", () => {
    const open = {
      ...vertex,
      default_binding: { type: "bearer_env", runtime_auth_resolver: "vertex_helper", env_name: "T" },
    }
    const profiles = createProfiles({ config: { file: file({ vertex, open }, "vertex") } })
    const variables = Object.keys(vertex.env).sort()
    const none = { environmentFiles: [] }
    expect(profiles.exposure(chosen(null))).toEqual({
      ...{ profile: "vertex", binding: "claude_api_key_helper" },
      ...none,
      variables,
    })
    expect(profiles.exposure(chosen("open"))).toEqual({
      ...{ profile: "open", binding: "bearer_env" },
      ...none,
      variables: [...variables, "T"].sort(),
    })
    expect(createProfiles({ config: { file: { sessions: {} } } }).exposure(chosen(null))).toEqual({
      ...{ profile: null, binding: null },
      ...none,
      variables: [],
    })
  })

  it("is chosen by the session, else it is the installation's, else there is none", () => {
    const other = { ...vertex, env: { A: "1" } }
    const profiles = createProfiles({ config: { file: file({ vertex, other }, "vertex") } })
    expect(profiles.plan(chosen("other")).environment).toEqual({ A: "1" })
    expect(createProfiles({ config: { file: { sessions: {} } } }).plan(chosen(null)).resolvers).toEqual([])
    expect(() => profiles.plan(chosen("gone"))).toThrow(
      'profile "gone" is not defined in credentials.profiles any more',
    )
  })

  it.each([0, -5, undefined, "60000"])("has a minute when ttl_ms is %j", (ttl_ms) => {
    const profile = { ...vertex, runtime_auth_resolvers: { vertex_helper: { command: "fetch", ttl_ms } } }
    expect(createProfiles({ config: { file: file({ p: profile }) } }).plan(chosen("p")).resolvers[0]?.ttl_ms).toBe(
      60_000,
    )
  })

  it("names its helper in the settings as a shell reads it, which the sidecar does not use", () => {
    const command = ["fetch-token", "--scope", "two words", "it's $HOME", ""]
    const profile = { ...vertex, runtime_auth_resolvers: { vertex_helper: { command } } }
    const plan = createProfiles({ config: { file: file({ p: profile }) } }).plan(chosen("p"))
    expect(plan.resolvers[0]?.command).toEqual(command)
    expect(plan.userSettings).toMatchObject({ apiKeyHelper: `fetch-token --scope 'two words' 'it'\\''s $HOME' ''` })
  })

  it("is shown by names only, with what the agent can read", () => {
    const bearer = {
      runtime_auth_resolvers: resolvers,
      env: { REGION: "canary" },
      environment_files: ["database.env"],
      default_binding: { type: "bearer_env", runtime_auth_resolver: "r", env_name: "API_TOKEN" },
    }
    const list = createProfiles({ config: { file: file({ vertex, bearer }, "bearer") } }).list()
    expect(list).toEqual([
      {
        name: "vertex",
        isDefault: false,
        binding: "claude_api_key_helper",
        allowedBindings: ["claude_api_key_helper", "model_provider"],
        resolvers: ["vertex_helper"],
        environmentFiles: [],
        exposedToAgent: ["ANTHROPIC_VERTEX_PROJECT_ID", "CLAUDE_CODE_USE_VERTEX"],
      },
      {
        name: "bearer",
        isDefault: true,
        binding: "bearer_env",
        allowedBindings: ["bearer_env", "claude_api_key_helper", "model_provider"],
        resolvers: ["r"],
        environmentFiles: ["database.env"],
        exposedToAgent: ["API_TOKEN", "REGION"],
      },
    ])
    expect(JSON.stringify(list)).not.toContain("canary")
  })

  it.each<[Record<string, unknown>, string]>([
    [
      { runtime_auth_resolvers: resolvers },
      'credential profile "p": no binding (neither host override nor default_binding)',
    ],
    [
      { default_binding: { type: "claude_api_key_helper" } },
      "credentials.profiles.p: claude_api_key_helper binding requires runtime_auth_resolver",
    ],
    [
      { default_binding: { type: "claude_api_key_helper", runtime_auth_resolver: "x" } },
      'credentials.profiles.p: binding references runtime_auth_resolver "x" which is not defined',
    ],
    [
      { runtime_auth_resolvers: resolvers, default_binding: { type: "bearer_env" } },
      "credentials.profiles.p: bearer_env binding must have exactly one of auth_origin or runtime_auth_resolver",
    ],
    [
      { runtime_auth_resolvers: resolvers, default_binding: { type: "bearer_env", runtime_auth_resolver: "r" } },
      "credentials.profiles.p: bearer_env binding requires env_name",
    ],
    [{ default_binding: { type: "token_file" } }, "credentials.profiles.p: token_file binding requires auth_origin"],
    [
      {
        runtime_auth_resolvers: resolvers,
        default_binding: { type: "bearer_env", runtime_auth_resolver: "r", auth_origin: "o", env_name: "TOKEN" },
      },
      "credentials.profiles.p: bearer_env binding must have exactly one of auth_origin or runtime_auth_resolver",
    ],
    [
      { default_binding: { type: "bearer_env", auth_origin: "o", env_name: "TOKEN" } },
      'credentials.profiles.p: binding references auth_origin "o" which is not defined',
    ],
    [
      { default_binding: { type: "token_file", auth_origin: "o" } },
      'credentials.profiles.p: binding references auth_origin "o" which is not defined',
    ],
    [
      {
        runtime_auth_resolvers: { r: { command: ["fetch", 1] } },
        default_binding: { type: "model_provider", runtime_auth_resolver: "r", provider: "m" },
      },
      "credentials.profiles.p.runtime_auth_resolvers.r: command must be a text or a list of texts, without control characters",
    ],
    [
      {
        runtime_auth_resolvers: { r: { command: ["fetch", "a\0b"] } },
        default_binding: { type: "model_provider", runtime_auth_resolver: "r", provider: "m" },
      },
      "credentials.profiles.p.runtime_auth_resolvers.r: command must be a text or a list of texts, without control characters",
    ],
    [{ default_binding: { type: "magic" } }, 'credentials.profiles.p: unknown binding type "magic"'],
    [
      {
        runtime_auth_resolvers: { r: { command: " " } },
        default_binding: { type: "model_provider", runtime_auth_resolver: "r", provider: "m" },
      },
      "credentials.profiles.p.runtime_auth_resolvers.r: command must not be empty",
    ],
    [
      {
        runtime_auth_resolvers: { r: { command: "/workspace/repo/fetch" } },
        default_binding: { type: "model_provider", runtime_auth_resolver: "r", provider: "m" },
      },
      "credentials.profiles.p.runtime_auth_resolvers.r: command must be the bare name of a helper in /opt/berth/auth-helpers, not a path",
    ],
    [
      {
        runtime_auth_resolvers: { r: { command: "fetch", providers: ["a", "b"] } },
        default_binding: { type: "model_provider", runtime_auth_resolver: "r", provider: "m" },
      },
      'credentials.profiles.p: default_binding is for the model provider "m", which runtime_auth_resolvers.r.providers does not have',
    ],
    [
      {
        runtime_auth_resolvers: { r: { command: "fetch", providers: "m" } },
        default_binding: { type: "model_provider", runtime_auth_resolver: "r", provider: "m" },
      },
      "credentials.profiles.p.runtime_auth_resolvers.r.providers: a list of texts is needed",
    ],
    [
      { runtime_auth_resolvers: resolvers, default_binding: { type: "model_provider", runtime_auth_resolver: "r" } },
      "credentials.profiles.p: model_provider binding requires provider",
    ],
    [
      { ...vertex, env: { LD_PRELOAD: "x" } },
      "credentials.profiles.p.env.LD_PRELOAD: this variable cannot be set by a profile",
    ],
    [
      { ...vertex, environment_files: ["../admin.env"] },
      'credentials.profiles.p.environment_files: "../admin.env" is not a name like database.env',
    ],
    [
      { ...vertex, environment_files: "database.env" },
      "credentials.profiles.p.environment_files: a list of texts is needed",
    ],
    [
      { ...vertex, allowed_bindings: ["magic"] },
      'credentials.profiles.p.allowed_bindings: unknown binding type "magic"',
    ],
    [{ ...vertex, auth_origins: {} }, 'credentials.profiles.p: unknown key "auth_origins"'],
  ])("%j is refused: %s", (profile, fault) => {
    expect(faultsOf(profile)).toEqual([fault])
  })

  it("that nobody defined is refused where it is referred to", () => {
    expect(profileFaults(file({ vertex }, "other"))).toEqual([
      'sessions.authProfile references "other" which is not defined in credentials.profiles',
    ])
  })
})

describe("what a request chooses", () => {
  const two = {
    ...vertex,
    runtime_auth_resolvers: {
      ...vertex.runtime_auth_resolvers,
      other: { command: "fetch-other", providers: ["mine", "also"] },
    },
  }
  const open = { ...two, allowed_bindings: ["bearer_env", "model_provider"] }
  const profiles = createProfiles({ config: { file: file({ two, open }, "two") } })
  const check = (profile: string | null, binding: BindingInput | null = null) => profiles.check({ profile, binding })

  it("is a profile that there is; else the message lists those", () => {
    check("two")
    check(null)
    expect(() => check("three")).toThrow('profile: "three" is not defined; choose one of open, two.')
    const none = createProfiles({ config: { file: { sessions: {} } } })
    expect(() => none.check(chosen("three"))).toThrow('"three" is not defined; this installation has no profiles.')
    none.check(chosen(null))
  })

  it("is another binding to one of the profile's resolvers, in the profile's place", () => {
    const binding = { type: "model_provider", runtime_auth_resolver: "other", provider: "mine" } as const
    check(null, binding)
    expect(profiles.plan(chosen(null, binding))).toMatchObject({
      userSettings: null,
      resolvers: [{ name: "other", command: ["fetch-other"], provider: "mine", variable: null }],
    })
  })

  it("sends a helper's token to the model providers that it is for, and to no other", () => {
    const to = (resolver: string, provider?: string, type: BindingInput["type"] = "model_provider") =>
      check("two", { type, runtime_auth_resolver: resolver, ...(provider === undefined ? {} : { provider }) })
    to("other", "mine")
    to("other", "also", "claude_api_key_helper")
    to("vertex_helper", "anthropic")
    to("vertex_helper", undefined, "claude_api_key_helper")
    for (const type of ["model_provider", "claude_api_key_helper"] as const) {
      expect(() => to("vertex_helper", "other-vendor", type)).toThrow(
        'binding: credential profile "two": runtime_auth_resolver "vertex_helper" is for the model providers [anthropic], ' +
          'not "other-vendor"; an operator can name it in runtime_auth_resolvers.vertex_helper.providers.',
      )
      expect(() => to("other", "anthropic", type)).toThrow("is for the model providers [mine, also]")
    }
    expect(() => to("other", undefined, "claude_api_key_helper")).toThrow('not "anthropic"')
    // A session that was made before the values said so.
    const binding = { type: "model_provider", runtime_auth_resolver: "other", provider: "anthropic" } as const
    expect(() => profiles.plan(chosen("two", binding))).toThrow("is for the model providers [mine, also]")
    const bound = { ...vertex, default_binding: { ...vertex.default_binding, provider: "vertex" } }
    const unbound = { r: { command: "fetch" }, ...bound.runtime_auth_resolvers }
    const one = createProfiles({ config: { file: file({ one: { ...bound, runtime_auth_resolvers: unbound } }) } })
    expect(
      one.plan(chosen("one", { type: "claude_api_key_helper", runtime_auth_resolver: "vertex_helper" })),
    ).toMatchObject({ resolvers: [{ provider: "vertex" }] })
    expect(() =>
      one.check(chosen("one", { type: "model_provider", runtime_auth_resolver: "r", provider: "vertex" })),
    ).toThrow('is for the model providers [], not "vertex"')
  })

  it.each<[BindingInput, string]>([
    [
      { type: "model_provider", runtime_auth_resolver: "r", provider: "m" },
      'binding: credential profile "two": binding references unknown runtime_auth_resolver "r"; it has [other, vertex_helper].',
    ],
    [
      { type: "claude_api_key_helper" },
      'binding: credential profile "two": claude_api_key_helper binding requires runtime_auth_resolver.',
    ],
    [
      { type: "bearer_env" },
      'binding: credential profile "two": bearer_env binding must have exactly one of auth_origin or runtime_auth_resolver.',
    ],
    [
      { type: "bearer_env", runtime_auth_resolver: "other" },
      'binding: credential profile "two": bearer_env binding requires env_name.',
    ],
    [
      { type: "bearer_env", runtime_auth_resolver: "other", env_name: "LD_PRELOAD" },
      'binding: credential profile "two": env_name LD_PRELOAD cannot be set by a profile.',
    ],
    [
      { type: "bearer_env", runtime_auth_resolver: "other", env_name: "TOKEN" },
      'binding: credential profile "two": allows bindings of type [claude_api_key_helper, model_provider], not bearer_env.',
    ],
  ])("is not %j: %s", (binding, message) => {
    expect(() => check("two", binding)).toThrow(message)
  })

  it("shows the agent a token only where the profile allows that", () => {
    const binding = { type: "bearer_env", runtime_auth_resolver: "other", env_name: "TOKEN" } as const
    check("open", binding)
    expect(profiles.plan(chosen("open", binding)).resolvers).toMatchObject([{ variable: "TOKEN", provider: null }])
    expect(() => check("open", { type: "claude_api_key_helper", runtime_auth_resolver: "other" })).toThrow("not claude")
    // The operator may have changed his mind since the session was made.
    expect(() => profiles.plan(chosen("two", binding))).toThrow("not bearer_env")
  })

  it("is no binding where there is no profile", () => {
    const none = createProfiles({ config: { file: { sessions: {} } } })
    const binding = { type: "model_provider", runtime_auth_resolver: "r", provider: "m" } as const
    expect(() => none.check(chosen(null, binding))).toThrow("the session has no profile")
  })
})
