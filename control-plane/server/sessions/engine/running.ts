import { isAppError } from "../../errors/index.ts"
import type { Change } from "../../transcripts/types.ts"
import {
  type Diagnosis,
  hintFor,
  type PodObservation,
  volumeReason,
  type WorkloadObservation,
} from "../../workloads/index.ts"
import type { Reason } from "../../workloads/types.ts"
import { computeSteps, firstSteps, sameSteps, startedAt } from "../steps.ts"
import { wishFenced } from "../store/driver-writes.ts"
import { TIMES } from "./limits.ts"
import type { NextLook, Pass } from "./pass.ts"
import { repairIfDue } from "./repairing.ts"
import { notStored, replaceIfLost, whyApart } from "./replacing.ts"

/** One step of a session that is to run: make its pod, reach its agent, keep in touch, or say why not. */
export async function runSession(pass: Pass): Promise<NextLook> {
  const observation = await look(pass)
  const { statefulSet, pod } = observation
  if (statefulSet === null || statefulSet.deleting || statefulSet.replicas !== 1) return await begin(pass)

  const run = pod === null ? null : runOf(pod)
  if (pass.link.run !== null && pass.link.run !== run) await pass.link.close()
  if (await noteInterruption(pass, pod, run)) return 0
  if (pod !== null && run !== null && !pod.deleting) await approach(pass, pod, run)
  const inStep = pass.link.conversation?.lostAt === null && pod?.deleting === false
  const next = inStep ? await accompany(pass) : null
  await repairIfDue(pass, pod, inStep)
  return next ?? (await wait(pass, observation, run))
}

/** A watch may be dead without knowing it: while nothing moves, the API server is asked itself now and then. */
async function look(pass: Pass): Promise<WorkloadObservation> {
  const { parts, memory, link, session, workload } = pass
  const now = parts.clock.now()
  const waiting = link.conversation === null && now - startedAt(session.steps, now) > TIMES.live_look_ms
  const due = waiting && now - memory.liveLookAt >= TIMES.live_look_ms
  // Who answers again after a silence may be the container's next run, which the watch has not told yet.
  const maybeAnother = (link.conversation?.backAt ?? Number.NEGATIVE_INFINITY) >= memory.liveLookAt
  const seen = parts.workloads.observe(workload)
  if (!due && !maybeAnother && !isOlder(seen.pod, session.agentRun)) return seen
  memory.liveLookAt = now
  return await parts.workloads.observeLive(workload)
}

async function begin(pass: Pass): Promise<NextLook> {
  const { parts, session, journal, workload, guard } = pass
  const lost = session.status === "running"
  if (lost) await pass.link.close()
  const unanswered = lost && (await parts.transcripts.markInterrupted(journal.lease))
  try {
    await parts.workloads.start(workload, guard)
  } catch (error) {
    // Not found: the namespace itself.
    if (!isAppError(error, "upstream_refused") && !isAppError(error, "not_found")) throw error
    const code = /exceeded quota/i.test(error.message) ? "quota" : "workload_refused"
    return await fail(pass, { code, message: error.message, hint: hintFor(code) }, null)
  }
  if (session.status !== "starting") {
    const steps = lost || session.steps.length === 0 ? firstSteps(parts.clock.now()) : session.steps
    await journal.update({ status: "starting", reason: null, steps }, ...(unanswered ? [noticeOf(null)] : []))
  }
  return TIMES.look_ms
}

/** One life of the agent's process: the pod, and how often the kubelet started its container again. */
function runOf(pod: PodObservation): string {
  return `${pod.uid}/${restartsOf(pod)}`
}

/** What {@link runOf} is made of; null without a run. */
function partsOf(run: string | null): { readonly podUid: string; readonly restarts: number } | null {
  const [podUid = "", restarts] = run?.split("/") ?? []
  return run === null ? null : { podUid, restarts: Number(restarts) }
}

function restartsOf(pod: PodObservation): number {
  return pod.containers.find((container) => container.name === "agent")?.restarts ?? 0
}

/** Whether the watch still tells of an earlier run than the one that is known: to go back to it would end the new one's turn. */
function isOlder(pod: PodObservation | null, run: string | null): boolean {
  const known = partsOf(run)
  return known !== null && known.podUid === pod?.uid && known.restarts > restartsOf(pod)
}

/**
 * What an earlier run was doing is over. Notes it before the next run is followed, so that a crash between the two does
 * not hide it. True when something was written.
 */
async function noteInterruption(pass: Pass, pod: PodObservation | null, run: string | null): Promise<boolean> {
  const { session, journal, parts } = pass
  const vanished = run === null && session.status === "running"
  const replaced = run !== null && session.agentRun !== null && session.agentRun !== run
  if (!vanished && !replaced) return false
  const unanswered = await parts.transcripts.markInterrupted(journal.lease)
  const begun =
    session.status === "running" ? ({ status: "starting", steps: firstSteps(parts.clock.now()) } as const) : {}
  // Not by the activity alone: an agent that is ended tells that it is idle as its last word.
  const notices: Change[] = unanswered || session.activity !== "idle" ? [noticeOf(pod)] : []
  await journal.update({ ...begun, activity: "idle", ...(run === null ? {} : { agentRun: run }) }, ...notices)
  return true
}

function noticeOf(pod: PodObservation | null): Change {
  const exit = pod?.containers.find((container) => container.name === "agent")?.lastExit
  const memory = exit?.reason === "OOMKilled"
  return {
    type: "notice",
    level: "error",
    code: memory ? "out_of_memory" : "agent_restarted",
    message: memory
      ? "The agent ran out of memory in the middle of its work and was started again."
      : "The agent was started again in the middle of its work.",
  }
}

async function approach(pass: Pass, pod: PodObservation, run: string): Promise<void> {
  const { parts, link, workload, journal, session } = pass
  const target = parts.workloads.target(workload, pod)
  if (target === null) return
  if (session.agentRun !== run) await journal.update({ agentRun: run })
  await link.follow(run, target, session)
  await replaceIfLost(pass, pod, target)
}

/** The agent is in step: say so once, bring it its prompts, stop it when nobody uses it. */
async function accompany(pass: Pass): Promise<NextLook> {
  const { parts, session, journal, link, workload } = pass
  const now = parts.clock.now()
  // The page shows each number; the transcript gets one notice for each level.
  const reason = volumeReason(workload.report, partsOf(link.run)?.podUid ?? null)
  if (session.status !== "running" || reason?.message !== session.reason?.message) {
    const steps = computeSteps({ previous: session.steps, pod: null, report: null, ready: true, trouble: null, now })
    if (session.status !== "running") parts.started(now - startedAt(session.steps, now))
    const told = reason?.code ?? null
    const notices = told === pass.memory.volumeTold || told === session.reason?.code ? [] : volumeNotices(reason)
    await journal.update({ status: "running", reason, steps }, ...workspaceNotices(pass), ...notices)
    pass.memory.volumeTold = told
  }
  const prompt_ms = (await link.conversation?.deliverNext(() => podStays(pass))) ?? null
  if (prompt_ms !== null) return Math.max(prompt_ms, 1)
  return (await stopWhenIdle(pass, now)) ? 0 : TIMES.idle_look_ms
}

/** Told as the first run of a pod begins: workspace-init reports them with the clone, and later runs change nothing. */
function workspaceNotices({ session, workload, link }: Pass): Change[] {
  const run = partsOf(link.run)
  const isFirst = session.status !== "running" && run?.restarts === 0 && workload.report?.podUid === run.podUid
  return isFirst ? (workload.report?.body.notices ?? []).map((one) => ({ type: "notice", level: "info", ...one })) : []
}

function volumeNotices(reason: Reason | null): Change[] {
  if (reason === null) return []
  const { code, message } = reason
  return [{ type: "notice", level: code === "disk_low" ? "info" : "error", code, message }]
}

/** Whether the agent that is followed stays, as far as the watch knows now, and was there since it was looked at. */
function podStays({ parts, workload, link, memory }: Pass): boolean {
  const { pod } = parts.workloads.observe(workload)
  const seen = (link.conversation?.backAt ?? Number.NEGATIVE_INFINITY) < memory.liveLookAt
  return seen && pod !== null && !pod.deleting && runOf(pod) === link.run
}

async function stopWhenIdle(pass: Pass, now: number): Promise<boolean> {
  const { parts, session, journal, link } = pass
  if (parts.idleTimeout_ms === 0 || link.conversation?.activity !== "idle") return false
  if (now - session.lastActiveAt < parts.idleTimeout_ms) return false
  const minutes = Math.round(parts.idleTimeout_ms / 60_000)
  const reason = {
    code: "idle",
    message: `Stopped because nobody used it for ${minutes} minutes.`,
    hint: "Press Start, or just write: history and workspace are kept.",
  }
  return await wishFenced(parts.database, journal.lease, session, {
    desired: "stopped",
    status: "stopping",
    reason,
  })
}

/** The agent is not in step yet, or not at the moment: tell how far it is and what stands in the way. */
async function wait(pass: Pass, observation: WorkloadObservation, run: string | null): Promise<NextLook> {
  const { parts, session, workload, journal } = pass
  const now = parts.clock.now()
  // A new holder of the lease connects to an agent that has been there all the time.
  const reconnecting = session.status === "running" && run !== null && run === session.agentRun
  if (reconnecting) return await reconnect(pass, observation.pod)
  const diagnosis = await explained(pass, observation)
  if (diagnosis?.final) return await fail(pass, diagnosis.reason, observation.pod)

  const trouble = diagnosis === null ? null : { ...diagnosis.reason, final: false }
  const { report } = workload
  const steps = computeSteps({ previous: session.steps, pod: observation.pod, report, ready: false, trouble, now })
  const reason = reasonOf(diagnosis)
  const sameReason = JSON.stringify(reason) === JSON.stringify(session.reason)
  if (session.status !== "starting" || !sameSteps(steps, session.steps) || !sameReason) {
    await journal.update({ status: "starting", steps, reason })
  }
  return now - startedAt(session.steps, now) < TIMES.slow_boot_ms ? TIMES.look_ms : TIMES.slow_look_ms
}

/** Nothing is wrong with the pod as far as is known: says what keeps the two apart, where that takes long. */
async function reconnect(pass: Pass, pod: PodObservation | null): Promise<NextLook> {
  const { session, journal, link, parts, workload } = pass
  const reason = whyApart(pass, pod) ?? volumeReason(workload.report, pod?.uid ?? null)
  if (reason?.code !== session.reason?.code || reason?.message !== session.reason?.message) {
    await journal.update({ reason }).catch((error: unknown) => {
      // With a database that takes no writes this cannot be told, and is no reason to fail.
      if (link.trouble === null || isAppError(error, "stale_lease")) throw error
    })
  }
  const pause_ms = link.pause_ms(parts.clock.now())
  return pause_ms > 0 ? Math.min(pause_ms, TIMES.look_ms) : TIMES.look_ms
}

/** What the cluster says stands in the way; where it knows nothing, what the agent itself says. */
async function explained(pass: Pass, observation: WorkloadObservation): Promise<Diagnosis | null> {
  const { parts, memory, link, session, workload } = pass
  const now = parts.clock.now()
  const begun = startedAt(session.steps, now)
  let diagnosis = await parts.workloads.diagnose(workload, observation, begun)
  if (diagnosis === null || diagnosis.reason.code === "start_timeout") {
    if (link.trouble !== null) return { reason: notStored(link.trouble), final: false }
    // Ready or not: a replica that has only just taken the session over has not seen it yet.
    const looked = link.run === null || link.followed_ms(now) >= TIMES.told_ms
    if (diagnosis !== null && !looked) diagnosis = { ...diagnosis, final: false }
  }
  const target = observation.pod === null ? null : parts.workloads.target(workload, observation.pod)
  if (target === null || link.run === null || now - begun < TIMES.slow_boot_ms) return diagnosis
  if (diagnosis !== null && diagnosis.reason.code !== "start_timeout") return diagnosis
  if (now - memory.askedAt >= TIMES.live_look_ms) {
    memory.askedAt = now
    memory.words = await parts.runtime.explain(target, TIMES.look_ms)
  }
  if (memory.words === null) return diagnosis
  const code = "agent_failing"
  const message = `The agent runs, but cannot work: ${memory.words}`
  return { reason: { code, message, hint: hintFor(code) }, final: diagnosis?.final ?? false }
}

function reasonOf(diagnosis: Diagnosis | null): Reason | null {
  return diagnosis?.reason ?? null
}

/** Remembers the failure for this generation; the next pass takes the pod away. */
async function fail(pass: Pass, reason: Reason, pod: PodObservation | null): Promise<NextLook> {
  const { parts, session, journal, workload } = pass
  const trouble = { ...reason, final: true }
  const now = parts.clock.now()
  const steps = computeSteps({ previous: session.steps, pod, report: workload.report, ready: false, trouble, now })
  await journal.update({ status: "failed", reason, steps, activity: "idle", failedGeneration: session.generation })
  parts.log.info({ session: session.id, code: reason.code, message: reason.message }, "a session failed to start")
  return 0
}
