import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { ensureTools } from "../../dev/tools/index.ts"
import { until } from "../../scripts/lib/wait.ts"
import { type Guarded, startGuarded } from "./guarded.ts"
import { freePort, removeScratch, scratchDirectory } from "./scratch.ts"

const start_timeout_ms = 120_000

export interface ObjectStore {
  readonly endpoint: string
  readonly bucket: string
  readonly accessKey: string
  readonly secretKey: string
  /** Keys of all objects, sorted. */
  keys(): string[]
  /** An object's content, read past the server. */
  read(key: string): string
  /** Nobody listens any more, until `start`. */
  halt(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

/** A real S3 server (versitygw) on 127.0.0.1 with one empty bucket. It checks signatures. Built when it is missing. */
export async function startObjectStore(): Promise<ObjectStore> {
  const { versitygw } = await ensureTools(["versitygw"])
  const directory = scratchDirectory("s3")
  const [root, metadata, bucket] = [join(directory, "root"), join(directory, "metadata"), "artefacts"]
  mkdirSync(join(root, bucket), { recursive: true })
  mkdirSync(metadata)
  const [accessKey, secretKey] = ["test-access", "canary-test-secret"]
  const address = `127.0.0.1:${await freePort()}`
  let server: Guarded | null = null
  const halt = async () => {
    await server?.stop()
    server = null
  }
  const start = async () => {
    const started = startGuarded({
      command: versitygw,
      args: ["--port", address, "posix", "--sidecar", metadata, root],
      env: { ROOT_ACCESS_KEY: accessKey, ROOT_SECRET_KEY: secretKey },
      logFile: join(directory, "log"),
      endSignal: "TERM",
    })
    server = started
    await until(
      "the object store answering",
      async () => {
        if (started.hasExited()) throw new Error(`it exited:\n${started.lastLines()}`)
        // Anything is an answer: without a signature it is a refusal.
        return (await fetch(`http://${address}/`)).status > 0
      },
      { timeout_ms: start_timeout_ms, every_ms: 50 },
    )
  }
  await start()
  return {
    endpoint: `http://${address}`,
    bucket,
    accessKey,
    secretKey,
    keys: () => (existsSync(join(root, bucket)) ? filesBelow(join(root, bucket)) : []),
    read: (key) => readFileSync(join(root, bucket, key), "utf8"),
    halt,
    start,
    async stop() {
      await halt()
      removeScratch(directory)
    },
  }
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort()
}
