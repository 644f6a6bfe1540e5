import type { PodObservation, WorkloadRecord } from "../workloads/index.ts"
import { STEP_NAMES, type StartStep } from "./types.ts"

type StepName = StartStep["name"]

export interface StepsInput {
  readonly previous: readonly StartStep[]
  readonly pod: PodObservation | null
  readonly report: WorkloadRecord["report"]
  /** The agent answers and is in step. */
  readonly ready: boolean
  /** What stands in the way, in the words of who said it. */
  readonly trouble: { readonly code: string; readonly message: string; readonly final: boolean } | null
  readonly now: number
}

/** The steps of a start that begins now. */
export function firstSteps(now: number): StartStep[] {
  return STEP_NAMES.map((name, index) => ({
    name,
    state: index === 0 ? "active" : "pending",
    startedAt: index === 0 ? now : null,
    endedAt: null,
    detail: null,
  }))
}

/** When this start began. */
export function startedAt(steps: readonly StartStep[], fallback: number): number {
  return steps[0]?.startedAt ?? fallback
}

const TROUBLED_STEP: Readonly<Record<string, StepName>> = {
  unschedulable: "scheduled",
  volume_unbound: "scheduled",
  quota: "scheduled",
  pod_refused: "scheduled",
  workload_refused: "scheduled",
  image_pull: "image",
  image_invalid: "image",
  volume: "image",
  container_refused: "image",
}

/**
 * How far a start is, from what is known of the pod. A step that is done stays done: what is seen may be older than what
 * was seen. Pure.
 */
export function computeSteps(input: StepsInput): StartStep[] {
  const base = input.previous.length === STEP_NAMES.length ? input.previous : firstSteps(input.now)
  const seen = input.ready ? STEP_NAMES.length : doneSteps(input)
  const kept = base.findIndex((step) => step.state !== "done")
  const done = Math.max(seen, kept === -1 ? STEP_NAMES.length : kept)
  const failed = input.trouble === null ? -1 : Math.max(done, STEP_NAMES.indexOf(stepOf(input.trouble.code, done)))
  return base.map((step, index) => {
    if (index < done) return finished(step, input.now)
    if (index === failed && input.trouble !== null) {
      const state = input.trouble.final ? "failed" : "active"
      const startedAt = step.startedAt ?? input.now
      return {
        ...step,
        state,
        startedAt,
        endedAt: input.trouble.final ? input.now : null,
        detail: input.trouble.message,
      }
    }
    if (index > done) return { ...step, state: "pending", startedAt: null, endedAt: null, detail: null }
    return {
      ...step,
      state: "active",
      startedAt: step.startedAt ?? input.now,
      endedAt: null,
      detail: detailOf(step.name, input),
    }
  })
}

function stepOf(code: string, done: number): StepName {
  if (/^(clone_|workspace_|broker_)/.test(code)) return "workspace"
  return TROUBLED_STEP[code] ?? STEP_NAMES[done] ?? "agent"
}

function finished(step: StartStep, now: number): StartStep {
  if (step.state === "done") return step
  return { ...step, state: "done", startedAt: step.startedAt ?? now, endedAt: now, detail: null }
}

function doneSteps({ pod, report, trouble }: StepsInput): number {
  if (pod === null || pod.scheduledAt === null) return 0
  // An agent that answers, however wrongly, has its workspace.
  if (trouble?.code === "agent_failing") return 3
  // What the containers tell by themselves comes up to a second before the kubelet tells that they run.
  const phase = report?.podUid === pod.uid ? report.body.phase : undefined
  if (phase === "ready") return 3
  if (phase === "cloning" || phase === "configuring") return 2
  const started = pod.containers.filter(({ state, restarts }) => state !== "waiting" || restarts > 0)
  return pod.containers.length > 0 && started.length === pod.containers.length ? 2 : 1
}

function detailOf(name: StepName, input: StepsInput): string | null {
  if (name !== "workspace" || input.report === null || input.report.podUid !== input.pod?.uid) return null
  return input.report.body.message ?? null
}

/** Whether writing `b` over `a` would change anything. */
export function sameSteps(a: readonly StartStep[], b: readonly StartStep[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
