import type { Readable } from "node:stream"
import type { Config } from "../config/types.ts"

const CONNECT_MS = 5_000
const REQUEST_MS = 60_000
const ATTEMPTS = 2

/** An S3 bucket, below its prefix. */
export interface Bucket {
  /** Replaces what is there. */
  put(key: string, content: Buffer, type: string): Promise<void>
  /** Null when there is no such object. */
  get(key: string): Promise<Readable | null>
}

/** The bucket of `artifacts.s3`. Nothing of the client is loaded before it is used. */
export function createBucket(settings: NonNullable<Config["artifacts"]>): Bucket {
  const { bucket: Bucket, prefix } = settings
  let loading: ReturnType<typeof load> | undefined
  const client = () => {
    loading ??= load(settings)
    return loading
  }
  return {
    async put(key, content, type) {
      const { s3, sdk } = await client()
      await s3.send(
        new sdk.PutObjectCommand({
          Bucket,
          Key: prefix + key,
          Body: content,
          ContentType: type,
          ContentDisposition: "attachment",
        }),
      )
    },
    async get(key) {
      const { s3, sdk } = await client()
      try {
        const { Body } = await s3.send(new sdk.GetObjectCommand({ Bucket, Key: prefix + key }))
        return (Body as Readable | undefined) ?? null
      } catch (error) {
        if (error instanceof sdk.NoSuchKey) return null
        throw error
      }
    },
  }
}

async function load({ region, endpoint, credentials }: NonNullable<Config["artifacts"]>) {
  const sdk = await import("@aws-sdk/client-s3")
  const s3 = new sdk.S3Client({
    region,
    // Services of one's own rarely have a name for every bucket.
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    // Without keys: the identity of the pod (IRSA, EKS Pod Identity, an instance's role).
    ...(credentials === undefined
      ? {}
      : {
          credentials: {
            accessKeyId: credentials.accessKey.reveal(),
            secretAccessKey: credentials.secretKey.reveal(),
          },
        }),
    maxAttempts: ATTEMPTS,
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: REQUEST_MS, throwOnRequestTimeout: true },
    // Younger than many services that speak S3.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  })
  return { sdk, s3 }
}
