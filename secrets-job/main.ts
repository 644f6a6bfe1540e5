import { setTimeout as sleep } from "node:timers/promises"
import { ApiException } from "@kubernetes/client-node"
import { type Dependencies, ensureBrokerCa, ensureSecrets } from "./ensure.ts"
import { connect } from "./objects.ts"
import { parsePlan } from "./plan.ts"
import { Refusal } from "./refusal.ts"
import { guardStores } from "./stores.ts"

const STEPS = ["all", "secrets", "broker-ca"] as const
/** The chart's Job does not repeat an attempt that ended with this. */
const REFUSED_EXIT_CODE = 3

/** The chart's hook Job: `secrets.mjs [all|secrets|broker-ca]`, with what to make in BERTH_SECRETS_PLAN. */
async function main(step: string): Promise<void> {
  if (!STEPS.some((known) => known === step)) throw new Error(`unknown step "${step}"; one of ${STEPS.join(", ")}`)
  const plan = parsePlan(process.env["BERTH_SECRETS_PLAN"])
  const deps: Dependencies = { ...connect(), now: () => new Date(), sleep, say: (line) => console.log(line) }
  if (step !== "broker-ca") {
    await guardStores(plan, deps)
    await ensureSecrets(plan, deps)
  }
  if (step !== "secrets") await ensureBrokerCa(plan, deps)
}

/** An error as the operator should read it. The API's body repeats no data of Secrets. */
function describe(error: unknown): string {
  if (!(error instanceof ApiException)) return error instanceof Error ? error.message : "unknown error"
  const body: unknown = typeof error.body === "string" ? tryJson(error.body) : error.body
  const message = typeof body === "object" && body !== null && "message" in body ? String(body.message) : ""
  return `Kubernetes answered ${error.code}: ${message}`
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return { message: text.slice(0, 200) }
  }
}

try {
  await main(process.argv[2] ?? "all")
} catch (error) {
  console.error(`berth secrets: ${describe(error)}`)
  process.exitCode = error instanceof Refusal ? REFUSED_EXIT_CODE : 1
}
