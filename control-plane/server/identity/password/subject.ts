import { asciiLower } from "../ascii.ts"

/** The name under which a local account is known: its e-mail address as first given, its ASCII letters in lower case. */
export function subjectOf(email: string): string {
  return asciiLower(email.trim())
}
