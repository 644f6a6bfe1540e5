import type { IncomingHttpHeaders } from "node:http"
import type { Readable } from "node:stream"
import type { FromSchema, JSONSchema } from "json-schema-to-ts"
import type { Authentication, Permission, Visitor } from "../../identity/index.ts"
import type { Principal } from "../../identity/types.ts"
import type { ServerSentEvent } from "../streams/writer.ts"

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE"

/** A JSON schema object, as the table holds it. */
export type Schema = Exclude<JSONSchema, boolean>

/** What a route takes and gives. Without `answer` it gives 204 and no body, or a redirection. */
export interface Shapes {
  readonly query?: Schema
  readonly body?: Schema
  readonly answer?: Schema
  /** 200 with an answer and 204 without, unless it says otherwise. */
  readonly status?: 200 | 201 | 202
  /** `text/event-stream`; `answer` then is the shape of an event's data. */
  readonly stream?: true
  /** How many streams' worth of work a request for a stream is, by its query. One without it. */
  readonly weight?: (query: Readonly<Record<string, unknown>>) => number
  /** `application/x-ndjson`: the handler gives page after page, `answer` is the shape of one line. */
  readonly lines?: true
  /** The handler answers a {@link Download}. */
  readonly file?: true
  /** The handler answers `{ location }`, and the browser is sent there. */
  readonly redirect?: true
  /** Takes the header Idempotency-Key: a repeat answers what the first made. */
  readonly idempotent?: true
  /**
   * Sent by another server, which proves by the body's signature who it is: no page of ours sends it, and the handler
   * gets the body as the bytes that were signed.
   */
  readonly signed?: true
  /** Body size limit where it is not the usual one. */
  readonly bodyBytes_max?: number
}

/** A file to be saved: whatever is in it, no browser shows it. */
export interface Download {
  readonly name: string
  readonly bytes: number
  readonly content: Readable
}

type ParamNames<Path extends string> = Path extends `${string}:${infer Rest}`
  ? Rest extends `${infer Name}/${infer Tail}`
    ? Name | ParamNames<Tail>
    : Rest
  : never

type Given<S> = S extends Schema ? FromSchema<S> : undefined

/** A request as a handler sees it: who, what and from where, all of it checked. */
export interface Call<S extends Shapes = Shapes, Path extends string = string> {
  readonly params: Readonly<Record<ParamNames<Path>, string>>
  readonly query: Given<S["query"]>
  readonly body: Given<S["body"]>
  /** Only of a signed request; empty else. */
  readonly signedBody: Buffer
  /** Null only where the route is open to anyone. */
  readonly authentication: Authentication | null
  /** The principal; throws on a route that is open to anyone when nobody is signed in. */
  readonly principal: Principal
  readonly visitor: Visitor
  readonly headers: IncomingHttpHeaders
  /** The query as it was sent, with its question mark; for what checks it by itself. */
  readonly search: string
  /** Aborted when the client goes away, when its sign-in ends or when the process drains. */
  readonly signal: AbortSignal
  setHeader(name: string, value: string | string[]): void
}

/** What a handler gives: an answer, the events of a stream, or pages of lines. */
type Handled = Promise<unknown> | AsyncIterable<ServerSentEvent> | AsyncIterable<readonly unknown[]>

export interface Route {
  readonly method: Method
  readonly path: string
  readonly permission: Permission
  readonly summary: string
  readonly shapes: Shapes
  readonly handler: (call: Call) => Handled
}

/**
 * One row of the table. The handler's argument is typed by the row's schemas, which are also what requests are checked
 * with before it runs, and answers after.
 */
export function route<const Path extends string, const S extends Shapes>(
  method: Method,
  path: Path,
  permission: Permission,
  summary: string,
  shapes: S,
  handler: (call: Call<S, Path>) => Handled,
): Route {
  // The one place where the types of a row are forgotten: validation has made the call what the handler says it is.
  return { method, path, permission, summary, shapes, handler: handler as unknown as Route["handler"] }
}

/** The status of a route's success. */
export function statusOf(route: Route): number {
  if (route.shapes.redirect) return 302
  return route.shapes.status ?? (route.shapes.answer || route.shapes.file ? 200 : 204)
}
