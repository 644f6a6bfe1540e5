import type { Logger } from "pino"
import type { Database } from "../database/types.ts"
import type { Clock } from "../time/index.ts"
import type { Bucket } from "./bucket.ts"
import { type Claim, claimDue, findContent, postponeClaim, settleClaim, waitingNames } from "./store.ts"
import { ARTIFACT_NAMES, type ArtifactName } from "./types.ts"

const LOOK_MS = 15_000
/** Longer than all attempts to write three files may take. */
const HOLD_S = 600
const BACKOFF_MIN_S = 15
const BACKOFF_MAX_S = 3_600
const STOP_MS = 10_000
const ERROR_CHARACTERS_MAX = 200

const TYPES: Readonly<Record<ArtifactName, string>> = {
  "manifest.json": "application/json",
  "transcript.ndjson": "application/x-ndjson",
  "workspace.patch": "text/x-diff; charset=utf-8",
}

export interface WriterParts {
  readonly database: Database
  readonly bucket: Bucket
  readonly clock: Clock
  readonly log: Logger
  /** Between two looks at what is due. */
  readonly look_ms?: number
  /** After the first failure; doubled after each. */
  readonly backoff_min_s?: number
}

export interface Writer {
  start(): void
  /** Something has become due. */
  wake(): void
  stop(): Promise<void>
}

/**
 * Writes what waits in the database into the bucket, one session at a time. Any replica may write what any other has
 * put down, again if need be: a repeat writes the same objects. The manifest comes last, so that it never speaks of
 * what is not there.
 */
export function createWriter(parts: WriterParts): Writer {
  const { database, bucket, clock, log, look_ms = LOOK_MS, backoff_min_s = BACKOFF_MIN_S } = parts
  const ending = new AbortController()
  let woken = Promise.withResolvers<void>()
  let running: Promise<void> | undefined

  async function write(claim: Claim): Promise<void> {
    try {
      const names = await waitingNames(database, claim)
      for (const name of ARTIFACT_NAMES.toReversed().filter((one) => names.includes(one))) {
        const content = await findContent(database, claim.sessionId, name)
        if (content !== null) await bucket.put(`${claim.sessionId}/${name}`, content, TYPES[name])
      }
      await settleClaim(database, claim)
    } catch (error) {
      const wait_s = Math.min(backoff_min_s * 2 ** Math.min(claim.attempts - 1, 20), BACKOFF_MAX_S)
      log.warn({ err: error, session: claim.sessionId, wait_s }, "a session's artefacts could not be written")
      await postponeClaim(database, claim, { wait_s, error: wordsOf(error) })
    }
  }

  async function pass(): Promise<void> {
    for (;;) {
      const claim = ending.signal.aborted ? null : await claimDue(database, HOLD_S)
      if (claim === null) return
      await write(claim)
    }
  }

  async function run(): Promise<void> {
    while (!ending.signal.aborted) {
      woken = Promise.withResolvers()
      await pass().catch((error: unknown) => log.warn({ err: error }, "artefacts could not be looked at"))
      const nap = new AbortController()
      const wake = () => nap.abort(new Error("woken"))
      void woken.promise.then(wake)
      await clock.sleep(look_ms, AbortSignal.any([ending.signal, nap.signal])).catch(() => undefined)
    }
  }

  return {
    start: () => {
      running ??= run()
    },
    wake: () => woken.resolve(),
    async stop() {
      ending.abort(new Error("stopped"))
      await Promise.race([running, clock.sleep(STOP_MS)])
    },
  }
}

/** What the store says it refuses; the name of a failure to reach it. Neither address nor key. */
function wordsOf(error: unknown): string {
  const {
    name = "Error",
    $metadata,
    code,
  } = error as {
    name?: string
    code?: string
    $metadata?: { httpStatusCode?: number }
  }
  const status = $metadata?.httpStatusCode
  return `The object store ${status === undefined ? `cannot be reached: ${code ?? name}` : `answered ${status} ${name}`}`.slice(
    0,
    ERROR_CHARACTERS_MAX,
  )
}
