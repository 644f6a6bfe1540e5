import type { AccountAccess } from "../../credentials/index.ts"
import { AppError } from "../../errors/index.ts"
import type { GitCredential } from "./credentials.ts"
import type { GitOperation } from "./operation.ts"

/** Statuses by which git hosts say no. */
export const REFUSALS: readonly number[] = [401, 403, 404]

/** Says of a submodule that it does not lie beside the session's own repository. */
export const ELSEWHERE = "elsewhere"

/** A host's refusal, before it is known what is behind it. */
export class HostSaidNo extends Error {
  readonly status: number
  constructor(status: number) {
    super(`HTTP ${status}`)
    this.status = status
  }
}

interface Refused {
  readonly host: string
  readonly operation: Pick<GitOperation, "service" | "repository">
  readonly credential: Pick<GitCredential, "source"> | null
  /** Why there is none: the part of `git.hosts.<host>.allow`, or a submodule that lies elsewhere; null: there is none to use. */
  readonly denied: string | null
}

/** Finds the words for a host's refusal: what is missing, and who can do something about it. */
export async function explainRefusal(
  accounts: Pick<AccountAccess, "explain" | "refused" | "canLink"> | undefined,
  userId: string,
  { host, operation, credential, denied }: Refused,
  status: number,
): Promise<AppError> {
  const { repository, service } = operation
  const doing = service === "git-receive-pack" ? "write" : "read"
  const phrase = `${doing === "write" ? "push to" : "read"} ${host}/${repository}`
  if (credential?.source === "account") {
    const again = `${host} no longer accepts the linked account's token. Link the account again in the settings.`
    if (status === 401) {
      await accounts?.refused(userId, host)
      return new AppError("forbidden", again)
    }
    const obstacle = (await accounts?.explain(host, repository, doing)) ?? null
    if (obstacle !== null) {
      const details = { reason: obstacle.code, installUrl: obstacle.installUrl }
      return new AppError("forbidden", `${host} does not let this session ${phrase}. ${obstacle.message}`, { details })
    }
  }
  if (status === 404) {
    return new AppError("not_found", `${host} has no repository ${repository}, or hides it from this session.`)
  }
  if (credential === null) {
    const words = `${host} asks for a sign-in to ${phrase}, and this session has no credential for it.`
    return new AppError("forbidden", `${words} ${remedyFor(host, denied, accounts?.canLink(host) ?? false)}`)
  }
  const whose = credential.source === "account" ? "linked account" : "installation's credential"
  return new AppError("forbidden", `${host} does not let the ${whose} ${phrase}.`)
}

function remedyFor(host: string, denied: string | null, canLink: boolean): string {
  if (denied === ELSEWHERE) {
    return "A submodule is read with one only beside the session's own repository; elsewhere it has to be public."
  }
  if (canLink) return `Link an account at ${host} in the settings.`
  const setting = `git.hosts."${host}"`
  if (denied !== null) return `The installation's credential is not for this use (${setting}.allow.${denied}).`
  return `An operator can give one with ${setting}.existingSecret.`
}
