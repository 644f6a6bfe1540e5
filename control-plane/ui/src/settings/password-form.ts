/** As the server demands; what else is wrong with a password it says itself. */
export const PASSWORD_CHARACTERS_MIN = 12

export interface NewPassword {
  readonly current: string
  readonly next: string
  readonly again: string
}

/** What can be said about a new password before it is sent, or null. */
export function passwordFault({ current, next, again }: NewPassword): string | null {
  if ([...next].length < PASSWORD_CHARACTERS_MIN) {
    return `The new password needs ${PASSWORD_CHARACTERS_MIN} characters at least.`
  }
  if (next === current) return "The new password is the one you have."
  return next === again ? null : "The two new passwords differ."
}
