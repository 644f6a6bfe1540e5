import { AsyncLocalStorage } from "node:async_hooks"

/** Which request something happens for. */
export interface RequestFacts {
  readonly requestId: string
  readonly address: string
}

/** Carries a request's id and address to whatever runs on its behalf, so that a record can say them. */
export interface RequestContext {
  run<T>(facts: RequestFacts, work: () => T): T
  /** Undefined outside of a request: the engine's own work. */
  current(): RequestFacts | undefined
}

/** One for the process: who makes it hands it to the listener and to those who record. */
export function createRequestContext(): RequestContext {
  const storage = new AsyncLocalStorage<RequestFacts>()
  return { run: (facts, work) => storage.run(facts, work), current: () => storage.getStore() }
}
