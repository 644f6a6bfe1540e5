import { describe, expect, it } from "vitest"
import { routeOf } from "./routes.ts"
import { readSettings } from "./settings.ts"

const HOST = "127.0.0.1:7070"

describe("the sidecar's routes", () => {
  it.each([
    ["GET", "/v1/workload", "/v1/workload"],
    ["POST", "/v1/report", "/v1/report"],
    ["POST", "/llm/demo/chat/completions?x=1", "/v1/llm/demo/chat/completions?x=1"],
    [
      "GET",
      "/git/github.com/o/r.git/info/refs?service=git-upload-pack",
      "/v1/git/github.com/o/r.git/info/refs?service=git-upload-pack",
    ],
  ])("%s %s goes to %s", (method, url, to) => {
    expect(routeOf(method, url, HOST)).toMatchObject({ to })
  })

  it.each([
    ["GET", "/", 404],
    ["GET", "/v1/other", 404],
    ["GET", "/v1/workload/x", 404],
    ["POST", "/v1/workload", 405],
    ["GET", "/llm", 404],
    ["GET", "/llm/../v1/secrets", 404],
    ["GET", "/llm/%2e%2e/v1/secrets", 404],
    ["GET", "//evil.example.com/llm/x", 400],
    ["GET", "http://evil.example.com/llm/x", 400],
    ["GET", "constructor", 400],
    ["GET", "/constructor", 404],
  ])("%s %s is refused with %i", (method, url, refuse) => {
    expect(routeOf(method, url, HOST)).toMatchObject({ refuse })
  })

  it.each(["evil.example.com", "127.0.0.1.example.com", undefined])("answers nobody under the name %s", (host) => {
    expect(routeOf("GET", "/v1/workload", host)).toMatchObject({ refuse: 421 })
  })
})

describe("the sidecar's settings", () => {
  const env = { BERTH_BROKER_URL: "https://b:8081", BERTH_BROKER_CA_FILE: "/ca", BERTH_TOKEN_FILE: "/t" }

  it("have loopback as their default", () => {
    expect(readSettings(env).listen).toEqual({ host: "127.0.0.1", port: 7070 })
    expect(readSettings({ ...env, BERTH_HEALTH_LISTEN: "[::]:7071" }).healthListen).toEqual({ host: "::", port: 7071 })
  })

  it.each([
    [{ BERTH_BROKER_URL: "http://b:8081" }, "BERTH_BROKER_URL"],
    [{ BERTH_TOKEN_FILE: undefined }, "BERTH_TOKEN_FILE"],
    [{ BERTH_LISTEN: "7070" }, "BERTH_LISTEN"],
    [{ BERTH_LISTEN: "127.0.0.1:99999" }, "BERTH_LISTEN"],
  ])("that are wrong are named: %j", (change, name) => {
    expect(() => readSettings({ ...env, ...change })).toThrow(name)
  })
})
