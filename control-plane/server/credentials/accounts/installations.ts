import type { Notifications } from "../../database/index.ts"
import type { Logger } from "../../observability/index.ts"
import type { Clock } from "../../time/index.ts"
import type { AccountProvider, Installation } from "./provider.ts"

const KEPT_MS = 60_000
const KEPT_MAX = 1_000

/** What stands between a linked account and a repository, for the person who can do something about it. */
export interface Obstacle {
  readonly code: "app_not_installed" | "app_suspended" | "app_read_only" | "account_refused"
  readonly message: string
  /** Where to install the app, when that is what is missing and the place is known. */
  readonly installUrl: string | null
}

/** Whether hosts' apps are let in where sessions work. */
interface Installations {
  /** Null when the host cannot be asked: the reason is logged, and the host's refusal stands as it is. */
  obstacle(host: string, repository: string, doing: "read" | "write"): Promise<Obstacle | null>
}

/**
 * Asked only after a host has refused, and kept for a minute, so that an agent that tries again and again asks once.
 * `berth_accounts` drops what is kept, on every replica.
 */
export function createInstallations(options: {
  providers: readonly AccountProvider[]
  clock: Clock
  log: Logger
  notifications?: Notifications
}): Installations {
  const { providers, clock, log } = options
  const kept = new Map<string, { until: number; answer: Promise<Installation | null> }>()
  options.notifications?.subscribe("berth_accounts", () => kept.clear())

  function find(provider: AccountProvider, repository: string): Promise<Installation | null> {
    const key = `${provider.host}/${repository}`
    const found = kept.get(key)
    if (found !== undefined && found.until > clock.now()) return found.answer
    if (kept.size >= KEPT_MAX) kept.clear()
    const answer = provider.installation(repository).catch((error: unknown) => {
      log.warn({ err: error, host: provider.host }, "could not ask whether the app is installed on a repository")
      return null
    })
    kept.set(key, { until: clock.now() + KEPT_MS, answer })
    return answer
  }

  return {
    async obstacle(host, repository, doing) {
      const provider = providers.find((one) => one.host === host)
      const installation = provider === undefined ? null : await find(provider, repository)
      return installation === null ? null : obstacleOf(installation, `${host}/${repository}`, doing, provider)
    },
  }
}

function obstacleOf(
  installation: Installation,
  name: string,
  doing: "read" | "write",
  provider: AccountProvider | undefined,
): Obstacle {
  const none = { installUrl: null }
  if (installation.state === "missing") {
    const installUrl = provider?.installUrl ?? null
    const where = installUrl === null ? "in the app's settings there" : `at ${installUrl}`
    const message = `The app that accounts are linked through is not installed on ${name}. Its owner can install it ${where}`
    return { code: "app_not_installed", message, installUrl }
  }
  if (installation.state === "suspended") {
    return { ...none, code: "app_suspended", message: `The app's installation for ${name} is suspended by its owner.` }
  }
  if (doing === "write" && !installation.mayWrite) {
    const message = `The app may only read ${name}: its owner has to grant it write access to contents.`
    return { ...none, code: "app_read_only", message }
  }
  const message = `The app is installed on ${name}, but the linked account itself may not ${doing} there.`
  return { ...none, code: "account_refused", message }
}
