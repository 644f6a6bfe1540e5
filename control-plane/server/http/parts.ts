import type { Identity } from "../identity/index.ts"
import type { Logger, RequestContext } from "../observability/index.ts"
import type { OwnOrigin } from "./guards/cross-site.ts"
import type { Load } from "./guards/load.ts"
import type { Streams } from "./streams/registry.ts"

/** What the handling of every request shares. */
export interface HttpContext {
  readonly identity: Identity
  readonly own: OwnOrigin
  readonly allowedHosts: readonly string[]
  /** Begins and ends with a slash. */
  readonly prefix: string
  readonly load: Load
  readonly streams: Streams
  readonly log: Logger
  readonly context: RequestContext
  /** True in tests: an answer that is not as declared is an error, not only a line in the log. */
  readonly strictAnswers: boolean
}
