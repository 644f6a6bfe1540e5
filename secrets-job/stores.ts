import type { Dependencies } from "./ensure.ts"
import type { StoredObject } from "./objects.ts"
import type { Plan } from "./plan.ts"
import { Refusal } from "./refusal.ts"

type StoreSecret = NonNullable<Plan["stores"]>[number]

/** Set by a person on a Secret that the store may replace. */
export const REPLACE_ANNOTATION = "berth.dev/replace-from-store"
const STORE_WAIT_MS = 60_000
const STORE_LOOK_MS = 2_000

/**
 * Checks that a secret store that is turned on does not replace secrets in use. External Secrets overwrites a Secret of the
 * same name without asking; with the encryption ring, everything sealed under the old one would be lost.
 * @throws Refusal naming every Secret whose values the store does not hold
 */
export async function guardStores(plan: Plan, deps: Dependencies): Promise<void> {
  const faults: string[] = []
  for (const secret of plan.stores ?? []) {
    const fault = await guard(plan.namespace, secret, deps)
    if (fault !== null) faults.push(fault)
  }
  if (faults.length > 0) throw new Refusal(faults)
}

async function guard(namespace: string, secret: StoreSecret, deps: Dependencies): Promise<string | null> {
  const found = await inUse(namespace, secret, deps)
  if (found === null || (await deps.externalSecrets.readsStore(namespace, secret.externalSecret))) return null
  const { name, stored } = found
  const title = `Secret ${namespace}/${name}`
  if (stored.immutable) return immutableWords(namespace, name)
  if (stored.annotations[REPLACE_ANNOTATION] === "true") {
    deps.say(`[replaced] ${title}: its annotation ${REPLACE_ANNOTATION} allows it`)
    return null
  }
  const missing = await differences(namespace, secret, stored, deps)
  if (missing.length > 0) return differsWords(namespace, name, secret, missing)
  deps.say(`[same] ${title}: the store holds its values`)
  return null
}

/** The Secret that holds the values in use: that of the source before, while it is there, else the store's target. */
async function inUse(
  namespace: string,
  secret: StoreSecret,
  deps: Dependencies,
): Promise<{ name: string; stored: StoredObject } | null> {
  for (const name of [...(secret.previous === undefined ? [] : [secret.previous]), secret.name]) {
    const stored = await deps.secrets.read(namespace, name)
    if (stored && Object.keys(secret.keys).some((key) => stored.data[key])) return { name, stored }
  }
  return null
}

/** Keys whose value in use the store does not hold. Waits for External Secrets to show what it has. */
async function differences(
  namespace: string,
  secret: StoreSecret,
  stored: StoredObject,
  deps: Dependencies,
): Promise<string[]> {
  const keys = Object.keys(secret.keys).filter((key) => stored.data[key])
  for (let waited_ms = 0; ; waited_ms += STORE_LOOK_MS) {
    const shown = await deps.secrets.read(namespace, secret.shown)
    const missing = keys.filter((key) => shown?.data[key] !== stored.data[key])
    if (missing.length === 0 || waited_ms >= STORE_WAIT_MS) return missing
    if (waited_ms === 0)
      deps.say(`[waits] for the ExternalSecret ${namespace}/${secret.shown} to show what the store holds`)
    await deps.sleep(STORE_LOOK_MS)
  }
}

function differsWords(namespace: string, name: string, secret: StoreSecret, missing: readonly string[]): string {
  const places = missing.map((key) => `${key} (in the store: ${secret.keys[key]})`).join(", ")
  return (
    `Secret ${namespace}/${name} is in use and the store does not hold its values: ${places}. External Secrets would replace ` +
    "them, and what was encrypted or protected with them would be lost. Copy the values into the store first " +
    "(docs/secrets.md has the commands), then upgrade again. To replace them all the same: " +
    `kubectl -n ${namespace} annotate secret ${name} ${REPLACE_ANNOTATION}=true`
  )
}

function immutableWords(namespace: string, name: string): string {
  return (
    `Secret ${namespace}/${name} is immutable: External Secrets generated it, and a store cannot write to it. Copy its values into ` +
    "the store, delete its ExternalSecret, then the Secret, and upgrade again (docs/secrets.md has the commands)"
  )
}
