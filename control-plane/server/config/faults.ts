/** Collects what is wrong, so that an operator sees all of it at once. */
export class Faults {
  readonly #list: string[] = []

  add(message: string): void {
    this.#list.push(message)
  }

  throwIfAny(): void {
    if (this.#list.length > 0) throw new ConfigError([...this.#list])
  }
}

/** Exit status of a program with a configuration error (`EX_CONFIG` of sysexits.h). */
export const EXIT_CONFIG = 78

/** Everything that is wrong with the configuration, one sentence each, without any value that could be secret. */
export class ConfigError extends Error {
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(
      `The configuration has ${faults.length === 1 ? "a fault" : `${faults.length} faults`}:\n- ${faults.join("\n- ")}`,
    )
    this.name = "ConfigError"
    this.faults = faults
  }
}
