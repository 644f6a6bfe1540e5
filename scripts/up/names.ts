import { hashText } from "../lib/hash.ts"

/** The chart's prefix of object names for a release (`berth.fullname`): cut and hashed when it is too long. */
export function fullname(release: string): string {
  const full = release.includes("berth") ? release : `${release}-berth`
  return full.length <= 39 ? full : `${full.slice(0, 30).replace(/-$/, "")}-${hashText(full).slice(0, 8)}`
}

/** What the bootstrap script and the chart's Job make for a release. It is not Helm's: an uninstall leaves it. */
export function objectsBesideHelm(release: string): string[] {
  const prefix = fullname(release)
  const secrets = ["encryption", "postgresql", "admin", "broker-tls"].map((name) => `secret/${prefix}-${name}`)
  return [...secrets, "secret/better-auth", "secret/berth-provider-keys", `configmap/${prefix}-broker-ca`]
}
