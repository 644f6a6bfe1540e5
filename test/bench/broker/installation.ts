import { type ChildProcess, fork, spawn } from "node:child_process"
import { once } from "node:events"
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Secret } from "../../../control-plane/server/crypto/index.ts"
import { createDatabase, migrate } from "../../../control-plane/server/database/index.ts"
import { repositoryRoot } from "../../../scripts/lib/paths.ts"
import { createPki } from "../../support/pki.ts"
import { startPostgres } from "../../support/postgres-server.ts"
import { freePort, removeScratch, scratchDirectory } from "../../support/scratch.ts"

/** Two ways to the same upstream, and the processes that are on the longer one. */
export interface Installation {
  readonly direct: Ways
  readonly through: Ways
  readonly pids: { readonly sidecar: number; readonly broker: number }
  stop(): Promise<void>
}

export interface Ways {
  readonly model: string
  readonly git: string
}

/** Starts upstream, PostgreSQL, broker (TLS) and sidecar, each a process of its own on 127.0.0.1. */
export async function startInstallation(): Promise<Installation> {
  const directory = scratchDirectory("bench-broker")
  const postgres = await startPostgres()
  const children: ChildProcess[] = []
  const stop = async () => {
    for (const child of children) child.kill("SIGKILL")
    await postgres.stop()
    removeScratch(directory)
  }
  try {
    const url = await postgres.createDatabase("bench")
    const database = createDatabase({ url: new Secret(url), poolMax: 1 })
    await migrate(database, `${repositoryRoot}/control-plane/server/database/migrations`)
    await database.destroy()
    const caFile = await makeFiles(directory)
    const started = async <T>(file: string, args: string[]): Promise<[T, number]> => {
      const child = fork(join(import.meta.dirname, file), args)
      children.push(child)
      const ended = once(child, "exit").then(([code]) => {
        throw new Error(`${file} ended with ${code}`)
      })
      ended.catch(() => undefined)
      const [message] = (await Promise.race([once(child, "message"), ended])) as [T]
      return [message, child.pid ?? 0]
    }
    const [upstreamPort] = await started<number>("upstream.ts", [])
    const upstream = `127.0.0.1:${upstreamPort}`
    const [broker, brokerPid] = await started<{ port: number; token: string }>("server.ts", [
      url,
      directory,
      String(upstreamPort),
    ])
    const tokenFile = join(directory, "token")
    writeFileSync(tokenFile, broker.token, { mode: 0o600 })
    const port = await freePort()
    const sidecar = await startSidecar({
      BERTH_BROKER_URL: `https://127.0.0.1:${broker.port}`,
      BERTH_BROKER_CA_FILE: caFile,
      BERTH_TOKEN_FILE: tokenFile,
      BERTH_LISTEN: `127.0.0.1:${port}`,
      BERTH_HEALTH_LISTEN: `127.0.0.1:${await freePort()}`,
    })
    children.push(sidecar)
    return {
      direct: { model: `http://${upstream}/v1`, git: `http://${upstream}` },
      through: { model: `http://127.0.0.1:${port}/llm/bench`, git: `http://127.0.0.1:${port}/git/${upstream}` },
      pids: { sidecar: sidecar.pid ?? 0, broker: brokerPid },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function makeFiles(directory: string): Promise<string> {
  const { authority, server } = await createPki(join(directory, "pki"))
  for (const name of ["tls", "keys", "git-credentials"]) mkdirSync(join(directory, name))
  copyFileSync(server.certFile, join(directory, "tls", "tls.crt"))
  copyFileSync(server.keyFile, join(directory, "tls", "tls.key"))
  writeFileSync(join(directory, "keys", "bench"), "sk-bench")
  return authority.certFile
}

async function startSidecar(env: Record<string, string>): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(repositoryRoot, "auth-helpers", "main.ts")], {
    env: { ...env, PATH: process.env["PATH"] },
    stdio: ["ignore", "ignore", "pipe"],
  })
  await new Promise<void>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the sidecar ended with ${code}`)))
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      if (text.includes("listening on")) resolve()
      else process.stderr.write(text)
    })
  })
  return child
}
