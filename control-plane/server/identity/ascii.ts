/**
 * Lower case as addresses have it: ASCII letters, and nothing else. `toLowerCase` would make a "k" of the Kelvin sign, and
 * one person's address another's.
 */
export function asciiLower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}
