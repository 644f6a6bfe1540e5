import { randomName } from "../../crypto/index.ts"

/** How long a password that its owner has to replace is good for. */
export const ONE_TIME_LIFE_MS = 7 * 24 * 3_600_000
/** Four groups of five of 31 characters: 99 random bits that can be read aloud. */
const ONE_TIME = { groups: 4, characters: 5 }

/** A password for its owner to replace at the next sign-in. */
export function newOneTimePassword(): string {
  return Array.from({ length: ONE_TIME.groups }, () => randomName(ONE_TIME.characters)).join("-")
}
