import { randomBytes } from "node:crypto"

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The environment of a check before an installation or upgrade: Secrets that are not there yet, because the same release makes
 * them, count as given and right. Those that are there are checked as they are.
 */
export function withSecretsToCome(env: Environment): Environment {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ""))
  const database = given["DATABASE_URL"] === undefined ? { PGHOST: "database.invalid" } : {}
  return { ...secretsToCome(), ...database, ...withoutHalves(given) }
}

/** Of an address and its password, or an access key and its secret, one alone may be a Secret that is being filled. */
function withoutHalves(given: Environment): Environment {
  const kept = { ...given }
  for (const [one, other] of PAIRS) {
    if ((kept[one] === undefined) !== (kept[other] === undefined)) for (const name of [one, other]) delete kept[name]
  }
  return kept
}

const PAIRS = [
  ["BERTH_ADMIN_EMAIL", "BERTH_ADMIN_PASSWORD"],
  ["ARTIFACTS_S3_ACCESS_KEY", "ARTIFACTS_S3_SECRET_KEY"],
] as const

function secretsToCome(): Record<string, string> {
  const random = () => randomBytes(32).toString("base64")
  return {
    BETTER_AUTH_SECRET: random(),
    BERTH_ENCRYPTION_KEYS: random(),
    BERTH_ADMIN_EMAIL: "admin@berth.local",
    BERTH_ADMIN_PASSWORD: random(),
    HEADER_AUTH_SHARED_SECRET: random(),
    BERTH_API_KEYS: random(),
  }
}
