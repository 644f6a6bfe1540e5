import { isAppError } from "../../errors/index.ts"
import type { PodObservation } from "../../workloads/index.ts"
import { TIMES } from "./limits.ts"
import type { Pass, RepairMemory } from "./pass.ts"

/** Nothing planned yet. */
export function newRepairMemory(): RepairMemory {
  return { dueAt: 0, inStep: null, leaving: null }
}

/**
 * Makes the objects of a session again that somebody deleted. Berth may not read Secrets, so it cannot see that one is
 * missing: it writes what should be there when a start takes long, when a pod ends and another will follow, and now and
 * then while the agent works. A failure is logged: the session goes on, and the repair is tried again.
 * @throws AppError `stale_lease`
 */
export async function repairIfDue(pass: Pass, pod: PodObservation | null, inStep: boolean): Promise<void> {
  const { parts, memory, workload, guard, session } = pass
  const now = parts.clock.now()
  const { repairs } = memory
  if (repairs.inStep !== inStep) {
    repairs.inStep = inStep
    repairs.dueAt = now + (inStep ? parts.repair_ms : TIMES.first_repair_ms)
  }
  // The next pod should not have to wait for what it mounts.
  const leaves = pod?.deleting === true && repairs.leaving !== pod.uid
  if (!leaves && now < repairs.dueAt) return
  if (leaves) repairs.leaving = pod.uid
  repairs.dueAt = now + (inStep ? parts.repair_ms : TIMES.repair_ms)
  try {
    await parts.workloads.repair(workload, guard)
  } catch (error) {
    if (isAppError(error, "stale_lease")) throw error
    parts.log.warn({ err: error, session: session.id }, "session objects could not be repaired")
  }
}
