import { joinAuthorities, makeBrokerCertificate, reasonToRenew } from "./certificates.ts"
import { generators } from "./generate.ts"
import type { Cluster, ObjectHead, Objects, StoredObject } from "./objects.ts"
import type { Plan } from "./plan.ts"
import { Refusal } from "./refusal.ts"

const ATTEMPTS_MAX = 5
// All attempts of the Job together stay below its deadline.
const GIVEN_WAIT_MS = 120_000
const GIVEN_LOOK_MS = 2_000

export interface Dependencies extends Cluster {
  readonly now: () => Date
  readonly sleep: (wait_ms: number) => Promise<void>
  /** One line for the Job's log. Never a value. */
  readonly say: (line: string) => void
}

/**
 * Makes every Secret of the plan that is missing and fills keys that are missing. What is there stays as it is.
 * @throws Refusal when a Secret is about to be deleted together with its ExternalSecret
 */
export async function ensureSecrets(plan: Plan, deps: Dependencies): Promise<void> {
  for (const secret of plan.secrets) {
    const head = headOf(plan, plan.namespace, secret.name, secret.annotations)
    await ensure("Secret", head, deps.secrets, deps.say, async (stored) => {
      if (stored?.externalSecret) throw new Refusal([boundWords(head, stored.externalSecret)])
      // While the Secret of the source before is there, its values are the ones in use.
      const before = secret.previous ? await deps.secrets.read(plan.namespace, secret.previous) : null
      const stale = Object.keys(secret.keys).some((key) => differ(stored?.data[key], before?.data[key]))
      if (secret.previous && stale) throw new Refusal([staleWords(head, secret.previous)])
      const missing = Object.entries(secret.keys).filter(([key]) => !stored?.data[key])
      return Object.fromEntries(
        missing.map(([key, wanted]) => [
          key,
          before?.data[key] || (wanted.kind === "literal" ? (wanted.value ?? "") : generators[wanted.kind]()),
        ]),
      )
    })
  }
  if (plan.brokerTls.create) await ensureBrokerTls(plan, deps)
}

function boundWords({ namespace, name }: ObjectHead, externalSecret: string): string {
  return (
    `Secret ${namespace}/${name} belongs to the ExternalSecret ${externalSecret}, which this upgrade deletes: Kubernetes would ` +
    `delete the Secret with it. Separate them first: kubectl -n ${namespace} patch externalsecret ${externalSecret} ` +
    `--type=merge -p '{"spec":{"target":{"creationPolicy":"Orphan"}}}'`
  )
}

function differ(stored = "", inUse = ""): boolean {
  return stored !== "" && inUse !== "" && stored !== inUse
}

function staleWords({ namespace, name }: ObjectHead, inUse: string): string {
  return (
    `Secret ${namespace}/${name} is left from before and holds other values than ${inUse}, which is in use. Delete it, and ` +
    `upgrade again: it is made from those in use. kubectl -n ${namespace} delete secret ${name}`
  )
}

async function ensureBrokerTls(plan: Plan, deps: Dependencies): Promise<void> {
  const head = headOf(plan, plan.namespace, plan.brokerTls.secret)
  await ensure("Secret", head, deps.secrets, deps.say, async (stored) => {
    const { "tls.crt": certificate, "tls.key": key, "ca.crt": authority } = stored?.data ?? {}
    const now = deps.now()
    if (certificate && key && authority) {
      const reason = reasonToRenew(certificate, plan.brokerTls.dnsNames, now)
      if (reason === null) return {}
      deps.say(`the broker's certificate is replaced: ${reason}`)
    }
    const made = makeBrokerCertificate(plan.brokerTls.dnsNames, now)
    return { ...made, "ca.crt": joinAuthorities(made["ca.crt"], authority ?? "", now) }
  })
}

/**
 * Puts the authorities that session pods trust where those pods can read them. A Secret that is given may come from something
 * that was installed with this (cert-manager, External Secrets), so it is waited for.
 * @throws Error when the broker's Secret is not there, or holds none
 */
export async function ensureBrokerCa(plan: Plan, deps: Dependencies): Promise<void> {
  const authority = await authorityOf(plan, deps)
  const head = headOf(plan, plan.brokerCa.namespace, plan.brokerCa.configMap)
  await ensure("ConfigMap", head, deps.configMaps, deps.say, async (stored) =>
    stored?.data["ca.crt"] === authority ? {} : { "ca.crt": authority },
  )
}

async function authorityOf({ namespace, brokerTls }: Plan, deps: Dependencies): Promise<string> {
  const title = `Secret ${namespace}/${brokerTls.secret}`
  for (let waited_ms = 0; ; waited_ms += GIVEN_LOOK_MS) {
    const stored = await deps.secrets.read(namespace, brokerTls.secret)
    const authority = stored?.data["ca.crt"]
    if (authority) return authority
    const fault =
      stored === null
        ? `${title} does not exist: it has to hold the broker's certificate (tls.crt, tls.key, ca.crt)`
        : `${title} has no key ca.crt: add the authority of the broker's certificate`
    if (brokerTls.create || waited_ms >= GIVEN_WAIT_MS) throw new Error(fault)
    if (waited_ms === 0) deps.say(`[waits] ${fault}`)
    await deps.sleep(GIVEN_LOOK_MS)
  }
}

/** Reads, decides, writes; and begins again when somebody else wrote in between. */
async function ensure(
  kind: string,
  head: ObjectHead,
  objects: Objects,
  say: (line: string) => void,
  decide: (stored: StoredObject | null) => Promise<Record<string, string>>,
): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const stored = await objects.read(head.namespace, head.name)
    const data = await decide(stored)
    const keys = Object.keys(data).sort()
    const title = `${kind} ${head.namespace}/${head.name}`
    if (stored && keys.length === 0) return say(`[kept] ${title}`)
    const written = stored ? await objects.patch(head, stored.version, data) : await objects.create(head, data)
    if (written) return say(`[${stored ? "filled" : "made"}] ${title}: ${keys.join(", ")}`)
  }
  throw new Error(
    `${kind} ${head.namespace}/${head.name} is being changed by another program; gave up after ${ATTEMPTS_MAX} attempts`,
  )
}

function headOf(plan: Plan, namespace: string, name: string, annotations: Record<string, string> = {}): ObjectHead {
  return { namespace, name, labels: plan.labels, annotations }
}
