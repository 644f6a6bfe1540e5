import { AppError } from "../../errors/index.ts"
import { PASSWORD_CHARACTERS_MAX } from "./hash.ts"

const PASSWORD_CHARACTERS_MIN = 12
/** Shorter pieces of a name are in many words. */
const OWN_CHARACTERS_MIN = 4

/**
 * What people choose when twelve characters are asked for, without the digits and signs around it: these are the
 * first that a guesser tries.
 */
const COMMON = new Set(
  `password passwort passphrase passwordpassword mypassword yourpassword newpassword changeme changemenow pleasechange
  letmein letmeinplease letmeinnow welcome welcomeback welcometo administrator administrador adminadmin adminpassword
  rootroot rootpassword superuser supersecret topsecret secretsecret qwerty qwertyuiop qwertyqwerty qwertyasdf
  qwertzuiop qwertzuiopu azertyuiop asdfghjkl asdfghjklö yxcvbnm zxcvbnm zxcvbnmasd qazwsxedc qazwsxedcrfv qweasdzxc
  iloveyou iloveyouso iloveyouforever sunshine princess football baseball basketball superman batman dragon
  monkey shadow master mustang michael jennifer trustno trustnoone whatever computer internet default
  defaultpassword temporary temppassword testtest testpassword testtesttest berth berthberth berthadmin berthpassword opencode kubernetes
  correcthorsebatterystaple`.split(/\s+/),
)

/** Characters that stand for letters to people, and to guessers. */
const LOOKS_LIKE: Readonly<Record<string, string>> = {
  "@": "a",
  "4": "a",
  "3": "e",
  "1": "i",
  "!": "i",
  "0": "o",
  "5": "s",
  $: "s",
  "7": "t",
}

/**
 * What is wrong with a new password, in words for the person who chose it, or null: too short or long, a common one,
 * the person's own name, or one pattern over and over. Nothing is asked about kinds of characters.
 */
export function passwordFault(password: string, person: { email: string; name: string }): string | null {
  const length = [...password].length
  if (length < PASSWORD_CHARACTERS_MIN) return `The new password needs ${PASSWORD_CHARACTERS_MIN} characters at least.`
  if (password.length > PASSWORD_CHARACTERS_MAX) {
    return `The new password may have ${PASSWORD_CHARACTERS_MAX} characters at most.`
  }
  const plain = password.normalize("NFKC").toLowerCase()
  if ([lettersOf(plain), spoken(withoutEnds(plain))].some((text) => COMMON.has(text))) {
    return "The new password is one of those that are guessed first."
  }
  if (isPattern(plain)) return "The new password is one pattern over and over."
  const own = [...person.email.split("@"), ...person.name.split(/\s+/)].map((part) => part.toLowerCase())
  const rest = own.reduce((text, part) => (part.length < OWN_CHARACTERS_MIN ? text : text.replaceAll(part, "")), plain)
  if (rest.length < plain.length && rest.length < PASSWORD_CHARACTERS_MIN / 2) {
    return "The new password is little more than your name or address."
  }
  return null
}

/** @param field where it was given. @throws AppError `invalid_request` that says what is wrong with the new password */
export function requireGoodPassword(
  password: string,
  person: { email: string; name: string },
  field: "body.password" | "body.new",
): void {
  const fault = passwordFault(password, person)
  if (fault !== null) throw new AppError("invalid_request", fault, { details: { field } })
}

function lettersOf(text: string): string {
  return text.replace(/[^\p{L}]+/gu, "")
}

/** Without the digits and signs that are put before and after a word to make up the length. */
function withoutEnds(text: string): string {
  return text.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, "")
}

function spoken(text: string): string {
  return lettersOf([...text].map((character) => LOOKS_LIKE[character] ?? character).join(""))
}

/** Few different characters, a short piece repeated, or a run along the alphabet or the digits. */
function isPattern(text: string): boolean {
  if (new Set(text).size < 5) return true
  if (/^(.{1,4})\1+.{0,3}$/su.test(text)) return true
  const codes = [...text].map((character) => character.codePointAt(0) ?? 0)
  const steps = codes.slice(1).map((code, index) => Math.abs(code - (codes[index] ?? 0)))
  return steps.filter((step) => step === 1).length >= steps.length * 0.75
}
