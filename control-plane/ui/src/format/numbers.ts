/** A count in the fewest characters: `950`, `1.2k`, `34k`, `1.2M`. */
export function compact(count: number): string {
  if (count < 1000) return String(count)
  if (count < 1_000_000) return `${short(count / 1000)}k`
  return `${short(count / 1_000_000)}M`
}

function short(value: number): string {
  return value < 9.95 ? value.toFixed(1) : String(Math.round(value))
}

/** An amount of US dollars: four decimals below ten cents, else two. */
export function dollars(amount: number): string {
  return `$${amount.toFixed(amount > 0 && amount < 0.1 ? 4 : 2)}`
}

/** `1 session`, `3 sessions`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`
}
