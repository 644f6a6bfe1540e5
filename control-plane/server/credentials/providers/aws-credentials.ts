import { AppError } from "../../errors/index.ts"

/** What requests to AWS are signed with. */
export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** The control plane's own identity in the cloud that it runs in. */
export type AwsIdentity = () => Promise<AwsCredentials>

/** True for a credential that signs; anything else is an API key of Bedrock's, which is a bearer token. */
export function isSigning(key: string): boolean {
  return key.startsWith("{")
}

/**
 * Reads `{"accessKeyId","secretAccessKey","sessionToken"}`, also the way that `credential_process` programs and STS
 * print it (`AccessKeyId` …, `{"Credentials":{…}}`). Null when it is none of them.
 */
export function readCredentials(text: string): AwsCredentials | null {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return null
  }
  const outer = membersOf(json)
  const from = outer["Credentials"] === undefined ? outer : membersOf(outer["Credentials"])
  const [accessKeyId, secretAccessKey, sessionToken] = ["accessKeyId", "secretAccessKey", "sessionToken"].map(
    (name) => {
      const value = from[name] ?? from[name.charAt(0).toUpperCase() + name.slice(1)]
      return typeof value === "string" && value !== "" ? value : undefined
    },
  )
  if (accessKeyId === undefined || secretAccessKey === undefined) return null
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
}

function membersOf(json: unknown): Readonly<Record<string, unknown>> {
  return typeof json === "object" && json !== null ? { ...json } : {}
}

/** What is wrong with a key for a provider whose requests are signed, without its value; null when nothing is. */
export function credentialFault(key: string): string | null {
  // A placeholder for what is stored is looked at with its value.
  if (!isSigning(key) || readCredentials(key) !== null) return null
  return 'neither {"accessKeyId","secretAccessKey"} in JSON nor an API key of Bedrock\'s'
}

/**
 * The identity that the platform gives to the control plane's pod (IRSA, EKS Pod Identity, an instance's role). Nothing
 * of AWS's is loaded before it is asked for. Kept until it expires.
 */
export function createAwsIdentity(): AwsIdentity {
  let provider: AwsIdentity | undefined
  return async () => {
    if (provider === undefined) {
      const { defaultProvider } = await import("@aws-sdk/credential-provider-node")
      provider = defaultProvider({ timeout: 1_000, maxRetries: 1 })
    }
    try {
      return await provider()
    } catch (cause) {
      throw new AppError(
        "unavailable",
        "The control plane has no AWS identity. An operator can give it one, or give the provider a key.",
        { cause, retryAfter_s: 10 },
      )
    }
  }
}
