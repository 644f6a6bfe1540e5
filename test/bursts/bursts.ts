import { randomUUID } from "node:crypto"
import { until } from "../../scripts/lib/wait.ts"
import { ApiError, type Client } from "../support/client.ts"
import { outcomesOf, type Prompt } from "./outcomes.ts"

const BURST_MAX = 5
/** A prompt without an end is waited for this long after anything else got one. */
const STUCK_MS = 180_000
/** Of a request while replicas are being killed. */
const REQUEST_MS = 120_000

export interface SessionResult {
  readonly id: string
  readonly sent: number
  readonly prompts: readonly Prompt[]
}

export interface BurstOptions {
  readonly client: Client
  readonly prompts: number
  /** In [0, 1). */
  readonly random: () => number
}

/**
 * Makes a session, sends it prompts in bursts of 1 to 5, the next one while up to two of the last one are open, waits for
 * the end of all, and deletes it.
 */
export async function burstSession(options: BurstOptions): Promise<SessionResult> {
  const { client, prompts } = options
  const { id } = await repeated("a session", () => client.create({ private: true }, randomUUID()))
  try {
    let sent = 0
    while (sent < prompts) {
      const size = Math.min(prompts - sent, 1 + upTo(BURST_MAX, options))
      for (let index = 0; index < size; index++) {
        const [text, messageId] = [promptOf(++sent, options), `msg_${randomUUID()}`]
        await repeated("a prompt", () => client.prompt(id, text, messageId))
      }
      const open_max = sent === prompts ? 0 : upTo(3, options)
      if (!(await waitFor(client, id, sent - open_max))) break
    }
    return { id, sent, prompts: await outcomes(client, id) }
  } finally {
    await repeated("the deletion", () => remove(client, id))
  }
}

async function remove(client: Client, id: string): Promise<true> {
  return await client.remove(id).then(
    () => true,
    (error: unknown) => {
      if (error instanceof ApiError && error.status === 404) return true
      throw error
    },
  )
}

/** Short turns of all kinds: words, a tool, an answer that takes its time. */
function promptOf(number: number, options: BurstOptions): string {
  const before = ["", "bash: sleep 0.2\n", "think: about it\n", "bash: true\nbash: true\n"][upTo(4, options)]
  return `${before}say: answer ${number}`
}

function upTo(max: number, { random }: BurstOptions): number {
  return Math.floor(random() * max)
}

function outcomes(client: Client, id: string): Promise<Prompt[]> {
  return repeated("the conversation", async () => outcomesOf((await client.messages(id)).items))
}

/** Waits until so many prompts have their end. False when nothing got one for too long. */
async function waitFor(client: Client, id: string, count: number): Promise<boolean> {
  for (let before = -1; ; ) {
    const ended = await until(
      "the end of a prompt",
      async () => {
        const now = (await outcomes(client, id)).filter(({ outcome }) => outcome !== "unanswered").length
        return now >= count || now > before ? { now } : false
      },
      { timeout_ms: STUCK_MS, every_ms: 500 },
    ).catch(() => null)
    if (ended === null) return false
    if (ended.now >= count) return true
    before = ended.now
  }
}

/** Until it succeeds: replicas are killed meanwhile. Everything here may be repeated. */
function repeated<T extends object | true>(what: string, work: () => Promise<T>): Promise<T> {
  return until(what, work, { timeout_ms: REQUEST_MS, every_ms: 250 })
}
