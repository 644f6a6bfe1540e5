/** The name under which a local account is known: its e-mail address as first given, lower-cased. */
export function subjectOf(email: string): string {
  return email.trim().toLowerCase()
}
