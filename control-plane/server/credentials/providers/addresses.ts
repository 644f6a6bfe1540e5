import { isObject } from "./json.ts"
import type { ProviderKind } from "./kinds.ts"
import { hasKeyShape } from "./leaks.ts"

const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/
const CONTROL_CHARACTERS = /[\0-\x1f\x7f]/
const REGION = /^[a-z]{2,}(-[a-z]+)+-\d{1,2}$/

type Options = Readonly<Record<string, unknown>>

/** Where a provider's requests go, without a slash at its end; "" after a fault. */
export function readAddress(kind: ProviderKind, options: Options, where: string, faults: string[]): string {
  const address = kind.address(options)
  if (address !== undefined) return readUpstream(address, `${where}.options.baseURL`, faults)
  faults.push(`${where}.${kind.addressNeeds}`)
  return ""
}

/** The AWS region that requests are signed for; "" after a fault. */
export function readRegion(value: unknown, where: string, faults: string[]): string {
  if (typeof value === "string" && REGION.test(value)) return value
  const fault = `${where}.options.region: an AWS region is needed, for example eu-central-1`
  if (!faults.includes(fault)) faults.push(fault)
  return ""
}

/** Header names (in small letters) and values. */
export function readHeaders(value: unknown, where: string, faults: string[]): Record<string, string> {
  if (value === undefined) return {}
  if (!isObject(value)) {
    faults.push(`${where}: an object of header names and values is needed`)
    return {}
  }
  const headers: Record<string, string> = {}
  for (const [name, text] of Object.entries(value)) {
    if (!HEADER_NAME.test(name) || typeof text !== "string" || CONTROL_CHARACTERS.test(text)) {
      faults.push(`${where}.${name}: not a valid header`)
    } else headers[name.toLowerCase()] = text
  }
  return headers
}

function readUpstream(value: unknown, where: string, faults: string[]): string {
  if (typeof value !== "string" || !URL.canParse(value)) {
    faults.push(`${where}: an http or https address is needed`)
    return ""
  }
  const url = new URL(value)
  if (url.protocol !== "https:" && url.protocol !== "http:") faults.push(`${where}: only http and https addresses work`)
  if (url.username !== "" || url.password !== "") faults.push(`${where}: no user name or password in the address`)
  if (url.search !== "" || url.hash !== "") faults.push(`${where}: no query and no fragment in the address`)
  if (hasKeyShape(url.pathname)) faults.push(`${where}: a key does not belong into the address; it is options.apiKey`)
  return url.origin + url.pathname.replace(/\/+$/, "")
}
