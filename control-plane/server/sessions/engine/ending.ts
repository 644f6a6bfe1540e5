import { hintFor } from "../../workloads/index.ts"
import { deleteFenced } from "../store/driver-writes.ts"
import { TIMES } from "./limits.ts"
import type { NextLook, Pass } from "./pass.ts"

/** Reasons why a stop takes long: none any more once it is done. */
const PASSING = ["node_not_ready", "cluster_unavailable"]

/** One step of a session that is to stop: no pod, the volume kept. */
export async function stopSession(pass: Pass): Promise<NextLook> {
  const { parts, session, journal } = pass
  if (session.status !== "stopping" && session.status !== "stopped") await journal.update({ status: "stopping" })
  await askForPatch(pass)
  if (!(await withoutPod(pass))) return TIMES.look_ms
  if (session.status !== "stopped") {
    await parts.transcripts.markInterrupted(journal.lease)
    await parts.artifacts?.keep(journal.lease, session, "stopped")
    const over = PASSING.includes(session.reason?.code ?? "") ? { reason: null } : {}
    await journal.update({ status: "stopped", activity: "idle", steps: [], ...over })
  }
  return "fulfilled"
}

/** One step of a session whose start has failed: what is left of the attempt goes, the reason and the volume stay. */
export async function failSession(pass: Pass): Promise<NextLook> {
  const { parts, session, journal } = pass
  if (!(await withoutPod(pass))) return TIMES.look_ms
  await parts.transcripts.markInterrupted(journal.lease)
  if (session.status !== "failed") await journal.update({ status: "failed", activity: "idle" })
  return "fulfilled"
}

/** One step of a session that is to be deleted: objects first, then the last event, then the rows. */
export async function deleteSession(pass: Pass): Promise<NextLook> {
  const { parts, session, journal, workload, guard } = pass
  if (session.status !== "deleting") await journal.update({ status: "deleting" })
  await askForPatch(pass)
  await pass.link.close()
  if (!(await parts.workloads.remove(workload, guard))) {
    await tellDeadNode(pass)
    return TIMES.look_ms
  }
  await parts.artifacts?.keep(journal.lease, session, "deleted")
  await parts.transcripts.append(journal.lease, [{ type: "session.deleted" }])
  await deleteFenced(parts.database, journal.lease, (transaction) =>
    parts.workloads.store.remove(transaction, session.id),
  )
  return "gone"
}

/** While the pod is still there: its changes are kept, if they are to be kept. Asked once, and for a limited time. */
async function askForPatch({ parts, session, workload, journal, guard }: Pass): Promise<void> {
  const { artifacts, runtime, workloads } = parts
  if (artifacts === undefined || (await artifacts.wasAsked(session))) return
  const { pod } = workloads.observe(workload)
  const target = pod === null || pod.deleting ? null : workloads.target(workload, pod)
  const missing = { missing: "the session did not run" }
  const patch = target === null ? missing : await runtime.patch(target, TIMES.patch_ms)
  guard()
  await artifacts.keepPatch(journal.lease, session, patch)
}

/** Takes the pod away. The connection stays until it is gone: the agent hands over its last words while it ends. */
async function withoutPod(pass: Pass): Promise<boolean> {
  const { parts, workload, guard, link } = pass
  if (!(await parts.workloads.stop(workload, guard))) {
    await tellDeadNode(pass)
    return false
  }
  await link.close()
  return true
}

async function tellDeadNode({ parts, session, workload, journal }: Pass): Promise<void> {
  const { pod } = parts.workloads.observe(workload)
  const overdue_ms = pod?.deleteBy == null ? 0 : parts.clock.now() - pod.deleteBy
  if (overdue_ms < TIMES.wedged_ms || session.reason?.code === "node_not_ready") return
  const code = "node_not_ready"
  const message = "The node of this session's pod does not answer, so Kubernetes cannot take the pod away."
  await journal.update({ reason: { code, message, hint: hintFor(code) } })
}
