import { inspect } from "node:util"

const REDACTED = "[REDACTED]"

/**
 * A value that must not be seen: string, JSON and inspection forms all say REDACTED.
 * `reveal()` is the only way out, so every use of a secret can be found by searching for that word.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }

  [inspect.custom](): string {
    return REDACTED
  }
}
