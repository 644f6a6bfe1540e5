import { createHmac, timingSafeEqual } from "node:crypto"
import type { Secret } from "../../../crypto/index.ts"
import { AppError } from "../../../errors/index.ts"
import type { Delivery, HostEvent, SignedRequest } from "../provider.ts"

const SIGNATURE = /^sha256=([0-9a-f]{64})$/
const DELIVERY_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const LOGIN_CHARACTERS_MAX = 100

/** The fields of GitHub's events that are read. */
interface Payload {
  readonly action?: unknown
  readonly sender?: { readonly id?: unknown; readonly login?: unknown }
  readonly installation?: { readonly account?: { readonly login?: unknown } }
}

/**
 * Reads one delivery of the app's webhook. Nothing of it is parsed before its signature is found to be right.
 * https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
 * @throws AppError `unauthenticated` for a wrong signature, `invalid_request` for what is signed and no delivery
 */
export function readDelivery(secret: Secret, { headers, body }: SignedRequest): Delivery {
  if (!isSigned(secret, headers["x-hub-signature-256"], body)) {
    throw new AppError("unauthenticated", "The signature is not that of the configured webhook secret.")
  }
  const id = headers["x-github-delivery"]
  if (typeof id !== "string" || !DELIVERY_ID.test(id)) {
    throw new AppError("invalid_request", "X-GitHub-Delivery is not a delivery's id.")
  }
  return { id: id.toLowerCase(), event: readEvent(headers["x-github-event"], readPayload(body)) }
}

/** Takes the same time for every signature that looks like one. */
function isSigned(secret: Secret, header: string | string[] | undefined, body: Buffer): boolean {
  const [, given] = SIGNATURE.exec(typeof header === "string" ? header : "") ?? []
  if (given === undefined) return false
  const expected = createHmac("sha256", secret.reveal()).update(body).digest()
  return timingSafeEqual(expected, Buffer.from(given, "hex"))
}

function readPayload(body: Buffer): Payload {
  try {
    const payload: unknown = JSON.parse(body.toString("utf8"))
    if (typeof payload === "object" && payload !== null) return payload
  } catch {
    // Told below, as for JSON that is no object.
  }
  throw new AppError("invalid_request", "The body is not a JSON object: set the webhook's content type to JSON.")
}

function readEvent(name: string | string[] | undefined, { action, sender, installation }: Payload): HostEvent {
  if (name === "github_app_authorization" && action === "revoked") {
    const id = sender?.id
    if (typeof id !== "number" || !Number.isSafeInteger(id)) {
      throw new AppError("invalid_request", "The event does not say whose authorization it is.")
    }
    return { kind: "revoked", subject: String(id) }
  }
  if (name === "installation" || name === "installation_repositories") {
    return { kind: "installation", action: words(action), account: words(installation?.account?.login) }
  }
  return { kind: "other" }
}

function words(value: unknown): string {
  return typeof value === "string" ? value.slice(0, LOGIN_CHARACTERS_MAX) : ""
}
