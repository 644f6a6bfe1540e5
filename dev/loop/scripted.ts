import { startScriptedServer } from "../ui/scripted-server.ts"
import type { Backend } from "./backend.ts"

/** Starts the server with scripted data that the UI's browser tests use. */
export async function runScripted(): Promise<Backend> {
  const server = await startScriptedServer({ directory: "" })
  return {
    url: new URL(server.url).origin,
    email: "ada@example.com",
    password: "berth",
    stop: () => server.close(),
  }
}
