/** What stands in the way of this install or upgrade and needs a person: trying again does not help. */
export class Refusal extends Error {
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(faults.join("\n"))
    this.faults = faults
  }
}
