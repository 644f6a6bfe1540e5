import { setTimeout as pause } from "node:timers/promises"
import { Failure } from "../../scripts/lib/failure.ts"

/** As apt and dpkg say it in the C locale, for each of their locks. */
const lockHeld = /Could not get lock|Unable to acquire the dpkg frontend lock|Unable to lock (the )?(directory|list)/
const WAIT_MS_MAX = 15 * 60_000
const RETRY_MS = 2_000

/**
 * Runs an apt command, again and again while another package manager holds apt's locks, and says so once. A freshly started
 * machine installs its own updates for some minutes.
 * @param command runs apt-get in the C locale
 * @throws Failure of the command for any other reason, or when the lock is still held after 15 minutes
 */
export async function whileLocked<T>(command: () => Promise<T>, say: (text: string) => void): Promise<T> {
  const deadline = performance.now() + WAIT_MS_MAX
  for (let said = false; ; said = true) {
    try {
      return await command()
    } catch (error) {
      if (!(error instanceof Failure) || !lockHeld.test(error.output ?? "") || performance.now() > deadline) throw error
      if (!said) say(`waiting for another package manager: ${holderIn(error.output ?? "")}`)
    }
    await pause(RETRY_MS)
  }
}

/** "It is held by process 4711 (apt-get)", where apt says so. */
function holderIn(output: string): string {
  return /held by (process \d+(?: \([^)]*\))?)/.exec(output)?.[1] ?? "it holds apt's lock"
}
