import { randomBytes, randomInt } from "node:crypto"

const PASSWORD_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
const PASSWORD_CHARACTERS = 32

/** Kinds of values that a plan may ask for. */
export type Kind = "token" | "password" | "encryption-key"

/** A fresh value. Each kind is random through and through: no two calls share a bit. */
export const generators: Readonly<Record<Kind, () => string>> = {
  /** 256 random bits, base64url: signs cookies. */
  token: () => randomBytes(32).toString("base64url"),
  /** 32 letters and digits without look-alikes (185 bits): people type the first one by hand. */
  password: () =>
    Array.from({ length: PASSWORD_CHARACTERS }, () => PASSWORD_ALPHABET[randomInt(PASSWORD_ALPHABET.length)]).join(""),
  /** Base64 of 32 random bytes: one entry of the key ring. */
  "encryption-key": () => randomBytes(32).toString("base64"),
}
