const POLICY_OF_UI = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ")

const POLICY_OF_DATA = "default-src 'none'; frame-ancestors 'none'; sandbox"
const HSTS_S = 365 * 24 * 3_600

/** Headers of every response. Data gets a policy under which nothing runs, whatever it contains. */
export function securityHeaders(kind: "ui" | "data", tls: boolean): Readonly<Record<string, string>> {
  return {
    "content-security-policy": kind === "ui" ? POLICY_OF_UI : POLICY_OF_DATA,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ...(tls ? { "strict-transport-security": `max-age=${HSTS_S}` } : {}),
  }
}
