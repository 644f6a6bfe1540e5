import { hashText } from "../lib/hash.ts"

/** The chart's prefix of object names for a release (`berth.fullname`): cut and hashed when it is too long. */
export function fullname(release: string): string {
  const full = release.includes("berth") ? release : `${release}-berth`
  return full.length <= 39 ? full : `${full.slice(0, 30).replace(/-$/, "")}-${hashText(full).slice(0, 8)}`
}
