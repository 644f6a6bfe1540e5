const CHARACTERS_MAX = 2_000
/** Nobody's site: only there to resolve against, so that anything that leaves it is seen. */
const OWN = "http://own.invalid"

/**
 * Where to go after sign-in: a path of our own, or the prefix when `wanted` is anything else.
 * What is answered is rebuilt from the parsed form, so that a browser cannot read it in another way than we did.
 */
export function safeReturnPath(wanted: unknown, prefix: string): string {
  if (typeof wanted !== "string" || wanted.length > CHARACTERS_MAX) return prefix
  // A backslash is a slash to browsers; control characters and blanks are dropped by them.
  if (!wanted.startsWith("/") || /[\\\s\p{Cc}\p{Cf}]/u.test(wanted) || wanted.startsWith("//")) return prefix
  if (!URL.canParse(wanted, OWN)) return prefix
  const url = new URL(wanted, OWN)
  if (url.origin !== OWN || url.username !== "" || url.password !== "") return prefix
  if (!url.pathname.startsWith(prefix) || url.pathname.startsWith("//")) return prefix
  // Encoded slashes and dots are for servers that decode twice.
  if (/%(2f|5c|2e)/i.test(url.pathname)) return prefix
  // The API answers data, and some of its paths act.
  if (url.pathname.startsWith(`${prefix}api/`)) return prefix
  return url.pathname + url.search + url.hash
}
