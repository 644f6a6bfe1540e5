import { expect, test } from "vitest"
import { parseArtifacts } from "./artifacts.ts"
import { Faults } from "./faults.ts"

function parse(env: Record<string, string>) {
  const faults = new Faults()
  const artifacts = parseArtifacts((name) => env[name], faults)
  try {
    faults.throwIfAny()
    return artifacts
  } catch (error) {
    return String(error)
  }
}

test("without a bucket nothing is kept, without keys the pod's identity is used", () => {
  expect(parse({ ARTIFACTS_S3_REGION: "eu-central-1" })).toBeUndefined()
  expect(parse({ ARTIFACTS_S3_BUCKET: "kept", ARTIFACTS_S3_PREFIX: "sessions/" })).toEqual({
    bucket: "kept",
    region: "us-east-1",
    prefix: "sessions/",
    endpoint: undefined,
    credentials: undefined,
  })
})

test("a service of one's own has an address and keys", () => {
  const artifacts = parse({
    ARTIFACTS_S3_BUCKET: "kept",
    ARTIFACTS_S3_REGION: "here",
    ARTIFACTS_S3_ENDPOINT: "http://minio.storage:9000",
    ARTIFACTS_S3_ACCESS_KEY: "access",
    ARTIFACTS_S3_SECRET_KEY: "canary",
  })
  expect(artifacts).toMatchObject({ region: "here", prefix: "", endpoint: "http://minio.storage:9000" })
  expect(JSON.stringify(artifacts)).not.toContain("canary")
})

test.each([
  [{ ARTIFACTS_S3_BUCKET: "s3://kept" }, "artifacts.s3.bucket"],
  [{ ARTIFACTS_S3_BUCKET: "kept", ARTIFACTS_S3_PREFIX: "/x/" }, "artifacts.s3.prefix"],
  [{ ARTIFACTS_S3_BUCKET: "kept", ARTIFACTS_S3_ENDPOINT: "minio:9000" }, "artifacts.s3.endpoint"],
  [{ ARTIFACTS_S3_BUCKET: "kept", ARTIFACTS_S3_ENDPOINT: "https://a:b@minio" }, "artifacts.s3.endpoint"],
  [{ ARTIFACTS_S3_BUCKET: "kept", ARTIFACTS_S3_ACCESS_KEY: "a" }, "artifacts.s3.existingSecret"],
])("%j is refused, naming %s", (env, key) => {
  expect(parse(env)).toContain(key)
})
