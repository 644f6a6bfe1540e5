import { spawn } from "node:child_process"
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll } from "vitest"
import { freePort } from "../scratch.ts"
import { call } from "./call.ts"
import type { Harness } from "./harness.ts"
import type { TestSession } from "./installation.ts"

const ENTRY = join(import.meta.dirname, "../../../auth-helpers/main.ts")

export interface TestSidecar {
  readonly url: string
  readonly healthUrl: string
  readonly pid: number
  readonly tokenFile: string
  /** Ends it with SIGTERM; resolves with its exit code. */
  stop(): Promise<number | null>
}

const running: (() => Promise<unknown>)[] = []
// Once for the file that imports this: a hook that a test registers while it runs is never called.
afterAll(() => Promise.all(running.map((stop) => stop())))

/** The real sidecar program, for a session of the harness. @param entry another build of it */
export async function startSidecar(
  broker: Harness,
  session: TestSession,
  more: Record<string, string> = {},
  entry = ENTRY,
): Promise<TestSidecar> {
  const [port, healthPort] = [await freePort(), await freePort()]
  const tokenFile = join(broker.directory, `token-${session.workload}`)
  writeFileSync(tokenFile, await session.token())
  const child = spawn(process.execPath, [entry], {
    env: {
      ...more,
      PATH: process.env["PATH"],
      BERTH_BROKER_URL: broker.url,
      BERTH_BROKER_CA_FILE: broker.caFile,
      BERTH_TOKEN_FILE: tokenFile,
      BERTH_LISTEN: `127.0.0.1:${port}`,
      BERTH_HEALTH_LISTEN: `127.0.0.1:${healthPort}`,
    },
    stdio: ["ignore", "ignore", "pipe"],
  })
  const exited = once(child, "exit")
  const stop = async () => {
    child.kill("SIGTERM")
    const [code] = (await exited) as [number | null]
    return code
  }
  running.push(stop)
  const healthUrl = `http://127.0.0.1:${healthPort}/healthz`
  await new Promise<void>((resolve) => {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (text.includes("listening on")) resolve()
    })
  })
  if ((await call(healthUrl)).status !== 200) throw new Error("the sidecar is not healthy")
  return { url: `http://127.0.0.1:${port}`, healthUrl, pid: child.pid ?? 0, tokenFile, stop }
}
