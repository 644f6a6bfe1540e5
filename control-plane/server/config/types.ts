import type { Secret } from "../crypto/index.ts"
import type { ConfigFile } from "./file-schema.ts"

export interface Listen {
  readonly host: string
  readonly port: number
}

/** One key of the encryption ring: the first encrypts, all decrypt. */
export interface EncryptionKey {
  readonly id: string
  /** Base64 of 32 bytes. */
  readonly key: Secret
}

/** Everything the control plane is told from outside: read once at start, frozen, complete. */
export interface Config {
  readonly file: ConfigFile
  readonly replica: { readonly name: string; readonly namespace: string; readonly address: string }
  readonly database: { readonly url: Secret | undefined }
  readonly listen: { readonly http: Listen; readonly broker: Listen; readonly metrics: Listen }
  readonly allowedHosts: readonly string[]
  readonly cookieSecret: Secret
  readonly encryptionKeys: readonly EncryptionKey[]
  readonly firstAdministrator: { readonly email: string; readonly password: Secret } | undefined
  readonly oidcClientSecret: Secret | undefined
  /** What the authenticating proxy sends to prove itself (`headerAuth.trust.sharedSecret`). */
  readonly headerAuthSharedSecret: Secret | undefined
  /** Static API keys as given: `key1,key2` or a JSON list. */
  readonly apiKeys: Secret | undefined
  /** The GitHub App through which accounts are linked; undefined when there is none. */
  readonly github:
    | {
        /** Numeric; names the app in the tokens that it signs itself. */
        readonly id: string
        /** The end of its public page's address (on GHE.com with its owner); empty when it is not given. */
        readonly slug: string
        readonly clientId: string
        /** An origin: `https://github.com`, or a GitHub Enterprise Server. */
        readonly baseUrl: string
        /** Holds the files `clientSecret`, `privateKey` and `webhookSecret`. */
        readonly directory: string
      }
    | undefined
  /** The operator's environment files (`roleEnvFiles`); undefined when they are off. */
  readonly roleEnvironments:
    | {
        readonly directory: string
        /** Whether `default.env` goes before the role's file. */
        readonly loadDefault: boolean
        /** Files that a request for a session may choose. */
        readonly selectable: readonly string[]
      }
    | undefined
  /** Where session artefacts are kept (`artifacts.s3`); undefined when nowhere. */
  readonly artifacts:
    | {
        readonly bucket: string
        readonly region: string
        /** In front of every key, as it is. */
        readonly prefix: string
        /** Of an S3-compatible service; undefined for AWS. */
        readonly endpoint: string | undefined
        /** Undefined: the pod's own identity. */
        readonly credentials: { readonly accessKey: Secret; readonly secretKey: Secret } | undefined
      }
    | undefined
  readonly directories: {
    readonly brokerTls: string
    readonly providerKeys: string | undefined
    readonly gitCredentials: string | undefined
    readonly ui: string
    readonly migrations: string
  }
  readonly logLevel: string
}
