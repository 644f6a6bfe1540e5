/**
 * Prepares a session's workspace, then ends: 0 when the agent may start, 1 after having told why it may not.
 * With the argument `volume` it only tells how full the session's volume is.
 */
import { setTimeout as sleep } from "node:timers/promises"
import { asFailure } from "./workspace/failure.ts"
import { createGit } from "./workspace/git.ts"
import { prepare, watchVolume } from "./workspace/prepare.ts"
import { readSettings } from "./workspace/settings.ts"
import { createSidecarClient } from "./workspace/sidecar.ts"
import { measure } from "./workspace/volume.ts"

const REPORT_ATTEMPTS_MAX = 5
const REPORT_AGAIN_MS = 500

const settings = readSettings(process.env)
const sidecar = createSidecarClient({
  url: settings.sidecarUrl,
  now: () => performance.now(),
  sleep: (ms) => sleep(ms),
})

await (process.argv[2] === "volume" ? tellVolume() : prepareOnce())

async function tellVolume(): Promise<void> {
  await watchVolume({ settings, sidecar }).catch((error: unknown) => {
    process.stderr.write(`berth-init: the volume cannot be measured: ${String(error)}\n`)
    process.exitCode = 1
  })
}

async function prepareOnce(): Promise<void> {
  try {
    await prepare({ settings, sidecar, git: createGit(settings, process.env) })
  } catch (error) {
    const { code, message } = asFailure(error, await measure(settings).catch(() => null))
    process.stderr.write(`berth-init: ${code}: ${message}\n`)
    process.exitCode = 1
    for (let attempt = 0; attempt < REPORT_ATTEMPTS_MAX; attempt++) {
      if (await sidecar.report({ phase: "failed", code, message })) break
      await sleep(REPORT_AGAIN_MS)
    }
  }
}
