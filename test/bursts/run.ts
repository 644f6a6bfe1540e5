import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { parseArgs } from "node:util"
import { messageOf } from "../../scripts/lib/failure.ts"
import { repositoryRoot } from "../../scripts/lib/paths.ts"
import { connectTo, readUpResult, type UpResult } from "../e2e/support/connect.ts"
import type { ControlPlane } from "../e2e/support/control-plane.ts"
import { seeded } from "../support/sessions/random.ts"
import { burstSession, type SessionResult } from "./bursts.ts"
import { tableOf, unanswered } from "./report.ts"

const usage = `usage: npm run test:bursts -- [--prompts N] [--sessions N] [--at-once N] [--kill-every SECONDS] [--seed N] [--installation FILE]

Sends prompts in bursts of 1 to 5 while replicas of the control plane are killed, and says what became of each. Ends with 1
when one is without an answer of its own.

--prompts      of all sessions together; default 500
--sessions     default 20
--at-once      how many sessions run at the same time; an agent takes 600 MB; default 5
--kill-every   SIGKILL to one replica that often; 0: none; default 20
--seed         of sizes and kinds; default 1
--installation what \`npm run up -- --json\` has printed; default: runs that command with three replicas`

/** Ends the program with words: a wrong option is not a failed run. */
function refuse(words: string): never {
  console.error(`${words}\n${usage}`)
  process.exit(2)
}

function readOptions() {
  const number = (fallback: number) => ({ type: "string", default: String(fallback) }) as const
  const options = {
    prompts: number(500),
    sessions: number(20),
    "at-once": number(5),
    "kill-every": number(20),
    seed: number(1),
    installation: { type: "string" },
    help: { type: "boolean", short: "h" },
  } as const
  try {
    return parseArgs({ options }).values
  } catch (error) {
    return refuse(messageOf(error))
  }
}

function bringUp(): string {
  const command = [join(repositoryRoot, "scripts", "up.ts"), "--json", "--replicas", "3"]
  return execFileSync(process.execPath, command, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] })
}

/** Kills one replica after the other, each while at least one other is ready. */
async function killReplicas(controlPlane: ControlPlane, every_ms: number, random: () => number, signal: AbortSignal) {
  let killed = 0
  while (!signal.aborted) {
    await pause(every_ms, undefined, { signal }).catch(() => undefined)
    const ready = await controlPlane.ready()
    const victim = ready[Math.floor(random() * ready.length)]
    if (signal.aborted || victim === undefined || ready.length < 2) continue
    await controlPlane.kill(victim)
    killed += 1
  }
  return killed
}

const options = readOptions()
if (options.help) {
  console.log(usage)
  process.exit(0)
}
const [prompts, sessions, atOnce, kill_s, seed] = [
  options.prompts,
  options.sessions,
  options["at-once"],
  options["kill-every"],
  options.seed,
].map(Number) as [number, number, number, number, number]
if (![prompts, sessions, atOnce].every((value) => value >= 1) || !(kill_s >= 0) || !Number.isInteger(seed)) {
  refuse("each of these wants a number")
}
// The newest page of a conversation is read, which has 200 messages; an answer has up to three.
if (prompts / sessions > 40) refuse("at most 40 prompts a session")

let installation: UpResult
try {
  installation = readUpResult(
    options.installation === undefined ? bringUp() : readFileSync(options.installation, "utf8"),
  )
} catch (error) {
  refuse(`no installation: ${messageOf(error)}`)
}
const { client, controlPlane } = await connectTo(installation)
const random = seeded(seed)
const over = new AbortController()
const killing = kill_s === 0 ? 0 : killReplicas(controlPlane, kill_s * 1000, random, over.signal)
const results: SessionResult[] = []
const shares = Array.from({ length: sessions }, (_, index) => {
  return Math.floor((prompts * (index + 1)) / sessions) - Math.floor((prompts * index) / sessions)
})
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    for (let share = shares.pop(); share !== undefined; share = shares.pop()) {
      const result = await burstSession({ client, prompts: share, random })
      results.push(result)
      console.error(`${result.id}: ${result.sent} sent, ${unanswered(result)} unanswered`)
    }
  }),
)
over.abort()
console.log(tableOf(results))
console.log(`replicas killed: ${await killing}`)
const lost = results.flatMap(({ id, prompts }) =>
  prompts.filter(({ outcome }) => outcome === "unanswered").map((prompt) => `${id}: ${prompt.id} (${prompt.words})`),
)
if (lost.length > 0) console.log(`unanswered:\n${lost.join("\n")}`)
process.exit(results.some((result) => unanswered(result) > 0) ? 1 : 0)
