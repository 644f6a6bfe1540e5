import { describe, expect, it } from "vitest"
import { createProfiles, profileFaults } from "../index.ts"

// The profile of the document that this configuration follows, with our names.
const vertex = {
  runtime_auth_resolvers: { vertex_helper: { type: "command", command: "fetch-vertex-token", ttl_ms: 60_000 } },
  env: { CLAUDE_CODE_USE_VERTEX: "1", ANTHROPIC_VERTEX_PROJECT_ID: "my-project" },
  default_binding: { type: "claude_api_key_helper", runtime_auth_resolver: "vertex_helper" },
}

const file = (profiles: Record<string, unknown>, authProfile?: string) => ({
  credentials: { profiles },
  sessions: authProfile === undefined ? {} : { authProfile },
})
const faultsOf = (profile: Record<string, unknown>) => profileFaults(file({ p: profile }))
const resolvers = { r: { type: "command", command: "fetch" } }

describe("a credential profile", () => {
  it("becomes what the pod needs: environment, user settings, and the helper with its provider", () => {
    const profiles = createProfiles({ config: { file: file({ vertex }, "vertex") } })
    expect(profiles.plan(null)).toEqual({
      environment: vertex.env,
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

  it("is chosen by the session, else it is the installation's, else there is none", () => {
    const other = { ...vertex, env: { A: "1" } }
    const profiles = createProfiles({ config: { file: file({ vertex, other }, "vertex") } })
    expect(profiles.plan("other").environment).toEqual({ A: "1" })
    expect(createProfiles({ config: { file: { sessions: {} } } }).plan(null).resolvers).toEqual([])
    expect(() => profiles.plan("gone")).toThrow('profile "gone" is not defined in credentials.profiles any more')
  })

  it.each([0, -5, undefined, "60000"])("has a minute when ttl_ms is %j", (ttl_ms) => {
    const profile = { ...vertex, runtime_auth_resolvers: { vertex_helper: { command: "fetch", ttl_ms } } }
    expect(createProfiles({ config: { file: file({ p: profile }) } }).plan("p").resolvers[0]?.ttl_ms).toBe(60_000)
  })

  it("is shown by names only, with what the agent can read", () => {
    const bearer = {
      runtime_auth_resolvers: resolvers,
      env: { REGION: "canary" },
      default_binding: { type: "bearer_env", runtime_auth_resolver: "r", env_name: "API_TOKEN" },
    }
    const list = createProfiles({ config: { file: file({ vertex, bearer }, "bearer") } }).list()
    expect(list).toEqual([
      {
        name: "vertex",
        isDefault: false,
        binding: "claude_api_key_helper",
        exposedToAgent: ["ANTHROPIC_VERTEX_PROJECT_ID", "CLAUDE_CODE_USE_VERTEX"],
      },
      { name: "bearer", isDefault: true, binding: "bearer_env", exposedToAgent: ["API_TOKEN", "REGION"] },
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
      { runtime_auth_resolvers: resolvers, default_binding: { type: "model_provider", runtime_auth_resolver: "r" } },
      "credentials.profiles.p: model_provider binding requires provider",
    ],
    [
      { ...vertex, env: { LD_PRELOAD: "x" } },
      "credentials.profiles.p.env.LD_PRELOAD: this variable cannot be set by a profile",
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
