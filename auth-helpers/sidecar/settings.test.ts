import { expect, it } from "vitest"
import { readSettings } from "./settings.ts"

const env = {
  BERTH_BROKER_URL: "https://broker.svc:8081",
  BERTH_BROKER_CA_FILE: "/ca.crt",
  BERTH_TOKEN_FILE: "/token",
  PATH: "/usr/bin",
  HOME: "/root",
  NODE_OPTIONS: "--inspect",
  LD_PRELOAD: "/tmp/x.so",
  AWS_REGION: "eu-1",
  TOKEN_FILE: "/var/run/cloud/token",
}

it("helpers get what the operator has put into the container's environment, and nothing of the sidecar's own", () => {
  expect(readSettings(env).helperEnvironment).toEqual({ AWS_REGION: "eu-1", TOKEN_FILE: "/var/run/cloud/token" })
})
