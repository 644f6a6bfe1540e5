import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { withLock } from "../../scripts/lib/lock.ts"
import { unmountBelow } from "../../scripts/lib/mounts.ts"
import { cacheDir, stateDir } from "../../scripts/lib/paths.ts"
import { startProcess, stopProcess } from "../../scripts/lib/processes.ts"
import { type Run, type RunOptions, succeeds } from "../../scripts/lib/run.ts"
import type { StepContext } from "../../scripts/lib/steps.ts"
import { until } from "../../scripts/lib/wait.ts"
import { ensureDebianPackages } from "../tools/index.ts"

/** The `docker` command against one daemon. */
export type Docker = (args: string[], options?: RunOptions) => Promise<string>

/** True when a Docker daemon answers this user already. */
export function dockerAnswers(): Promise<boolean> {
  return succeeds("docker", ["version", "--format", "{{.Server.Version}}"], { timeout_ms: 15_000 })
}

/** The machine's own Docker daemon. */
export function machineDocker({ run }: StepContext): Docker {
  return (args, options) => run("docker", args, options)
}

const runtimeFolder = "/run/berth-build"
const recordFile = stateDir("build", "dockerd.json")

/** Ends the private daemon, if a build left one, and what it mounted. Its layers stay in the cache. */
export async function stopPrivateDocker(run: Run): Promise<void> {
  await stopProcess(recordFile, 20_000)
  if (!existsSync(runtimeFolder)) return
  await unmountBelow(run, [runtimeFolder, cacheDir("docker")])
  rmSync(runtimeFolder, { recursive: true, force: true })
}

/**
 * Runs `work` with a Docker daemon that exists for this build only: own socket, own data, no bridge and no firewall
 * rules. Image layers stay in the cache for the next build.
 */
export async function withPrivateDocker<T>(context: StepContext, work: (docker: Docker) => Promise<T>): Promise<T> {
  await ensureDebianPackages(["docker.io", "containerd", "runc"], context)
  const folder = stateDir("build")
  mkdirSync(folder, { recursive: true })
  const env = {
    DOCKER_HOST: `unix://${runtimeFolder}/docker.sock`,
    // The classic builder needs no frontend image and no buildx.
    DOCKER_BUILDKIT: "0",
    DOCKER_CONFIG: join(folder, "docker-config"),
  }
  return withLock(
    join(folder, "lock"),
    async () => {
      await stopPrivateDocker(context.run) // of a build that was killed
      startProcess({
        command: "dockerd",
        args: daemonArguments(folder),
        logFile: join(folder, "dockerd.log"),
        recordFile,
        fingerprint: "",
      })
      try {
        await until("an answer from the Docker daemon for builds", () => succeeds("docker", ["version"], { env }), {
          timeout_ms: 180_000,
          hint: `see ${join(folder, "dockerd.log")}`,
        })
        return await work((args, options = {}) =>
          context.run("docker", args, { ...options, env: { ...options.env, ...env } }),
        )
      } finally {
        await stopPrivateDocker(context.run)
      }
    },
    context.say,
  )
}

function daemonArguments(folder: string): string[] {
  // An empty file of its own: the machine's /etc/docker/daemon.json is for the machine's daemon.
  const configuration = join(folder, "daemon.json")
  writeFileSync(configuration, "{}")
  return [
    `--host=unix://${runtimeFolder}/docker.sock`,
    `--data-root=${cacheDir("docker")}`,
    `--exec-root=${runtimeFolder}`,
    `--pidfile=${runtimeFolder}/docker.pid`,
    `--config-file=${configuration}`,
    "--iptables=false",
    "--ip6tables=false",
    "--ip-forward=false",
    "--ip-masq=false",
    "--bridge=none",
    // A containerd of the machine's own may answer: what is built here must not appear among its containers.
    "--containerd-namespace=berth-build",
    "--containerd-plugins-namespace=berth-build-plugins",
  ]
}
