// The part of oidc-provider that the tests use; the package brings no types.
declare module "oidc-provider" {
  import type { IncomingMessage, ServerResponse } from "node:http"
  import type Koa from "koa"

  export default class Provider extends Koa {
    constructor(issuer: string, configuration: Record<string, unknown>)
    interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>
  }
}
