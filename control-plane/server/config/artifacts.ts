import { Secret } from "../crypto/index.ts"
import type { Faults } from "./faults.ts"
import type { Config } from "./types.ts"

// docs.aws.amazon.com, "General purpose bucket naming rules"; services of one's own allow capitals and underscores.
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/

/** The bucket of the environment (`artifacts.s3`); undefined when ARTIFACTS_S3_BUCKET is not set. */
export function parseArtifacts(get: (name: string) => string | undefined, faults: Faults): Config["artifacts"] {
  const bucket = get("ARTIFACTS_S3_BUCKET")
  if (bucket === undefined) return undefined
  if (!BUCKET.test(bucket)) faults.add("artifacts.s3.bucket must be the name of a bucket, without an address")
  const prefix = get("ARTIFACTS_S3_PREFIX") ?? ""
  if (/^\/|[\0-\x1f\x7f]/.test(prefix)) faults.add("artifacts.s3.prefix must not begin with a slash")
  const endpoint = get("ARTIFACTS_S3_ENDPOINT")
  if (endpoint !== undefined && !isAddress(endpoint)) {
    faults.add("artifacts.s3.endpoint must be an http or https address, without user name, path and query")
  }
  const [accessKey, secretKey] = [get("ARTIFACTS_S3_ACCESS_KEY"), get("ARTIFACTS_S3_SECRET_KEY")]
  if ((accessKey === undefined) !== (secretKey === undefined)) {
    faults.add("artifacts.s3.existingSecret must hold accessKey and secretKey, or neither for workload identity")
  }
  const credentials =
    accessKey === undefined || secretKey === undefined
      ? undefined
      : { accessKey: new Secret(accessKey), secretKey: new Secret(secretKey) }
  return { bucket, region: get("ARTIFACTS_S3_REGION") ?? "us-east-1", prefix, endpoint, credentials }
}

function isAddress(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, pathname, search } = new URL(text)
  return /^https?:$/.test(protocol) && `${username}${password}${search}` === "" && pathname === "/"
}
