/** A secret with one value of its own, so that every place where it turns up can be told. */
export interface Canary {
  readonly name: string
  readonly value: string
}

/** A canary that was found where it must not be. */
export interface Hit {
  readonly canary: string
  readonly form: string
  readonly where: string
}

/** Looks for canaries in texts and files, also in the forms that they take on their way. */
export interface CanarySearch {
  /** Adds what is found to the hits. @param where names the place in a finding */
  look(where: string, data: Buffer | string): void
  /** Like `look`, for much data: plain forms only. */
  lookPlain(where: string, data: Buffer): void
  /** All that was found, each canary once a form and place. */
  readonly hits: readonly Hit[]
  /** Places that were looked at, and how many bytes they held. */
  readonly seen: ReadonlyMap<string, number>
}

interface Needle {
  readonly canary: string
  readonly form: string
  readonly text: string
}

const canary_characters_min = 12

/**
 * The ways in which a value may be written: as it is, backwards, in JSON, in a URL, in hexadecimal, and in base64
 * wherever it stands in what was encoded.
 */
export function formsOf(value: string): { form: string; text: string }[] {
  const bytes = Buffer.from(value)
  const hex = bytes.toString("hex")
  const base64 = [0, 1, 2].map((offset) => ({ form: `base64 at ${offset}`, text: base64At(bytes, offset) }))
  const all = [
    { form: "plain", text: value },
    { form: "reversed", text: [...value].reverse().join("") },
    { form: "JSON", text: JSON.stringify(value).slice(1, -1) },
    { form: "URL", text: encodeURIComponent(value) },
    { form: "hex", text: hex },
    { form: "HEX", text: hex.toUpperCase() },
    { form: "escaped bytes", text: hex.replace(/../g, "\\x$&") },
    ...base64,
    ...base64.map(({ form, text }) => ({
      form: form.replace("base64", "base64url"),
      text: text.replaceAll("+", "-").replaceAll("/", "_"),
    })),
    ...base64.map(({ form, text }) => ({ form: `${form}, reversed`, text: [...text].reverse().join("") })),
  ]
  // A value without special characters is the same in several forms.
  return all.filter(({ text }, index) => all.findIndex((other) => other.text === text) === index)
}

/** What of the value stands in base64 whatever surrounds it, when it begins `offset` bytes after a group of three. */
function base64At(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64")
  const first = Math.ceil((offset * 8) / 6)
  const last = Math.floor(((offset + bytes.length) * 8) / 6)
  return text.slice(first, last)
}

/** @throws Error for a value that is too short to be told from others */
export function createSearch(canaries: readonly Canary[]): CanarySearch {
  for (const { name, value } of canaries) {
    if (value.length < canary_characters_min) throw new Error(`the canary ${name} is too short to be looked for`)
  }
  const needles: Needle[] = canaries.flatMap(({ name, value }) =>
    formsOf(value).map(({ form, text }) => ({ canary: name, form, text })),
  )
  const any = new RegExp(needles.map(({ text }) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"))
  const hits = new Map<string, Hit>()
  const seen = new Map<string, number>()
  const note = (hit: Hit) => hits.set(Object.values(hit).join(" "), hit)
  const count = (where: string, bytes: number) => seen.set(where, (seen.get(where) ?? 0) + bytes)
  return {
    get hits() {
      return [...hits.values()]
    },
    seen,
    look(where, data) {
      const text = typeof data === "string" ? data : data.toString("latin1")
      count(where, text.length)
      if (!any.test(text)) return
      for (const { canary, form, text: needle } of needles) if (text.includes(needle)) note({ canary, form, where })
    },
    lookPlain(where, data) {
      count(where, data.length)
      for (const { name, value } of canaries) if (data.includes(value)) note({ canary: name, form: "plain", where })
    },
  }
}
