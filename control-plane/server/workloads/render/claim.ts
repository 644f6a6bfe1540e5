import type { V1PersistentVolumeClaim, V1StatefulSet } from "@kubernetes/client-node"
import { claimName } from "../names.ts"

/**
 * The claim that the StatefulSet's controller would make from its template, with the owner that it would add later.
 *
 * Made before there is a pod, because the controller writes the owner (`whenDeleted: Delete`) in a second request, in
 * the moment in which the scheduler binds the volume. The scheduler then finds the claim modified, gives up and backs
 * off: a start took up to 10 s longer, seen in more than half of the starts. With the owner in place the controller
 * has nothing left to write.
 * @throws Error when the StatefulSet as stored has no claim template or no uid
 */
export function renderClaim(statefulSet: V1StatefulSet): V1PersistentVolumeClaim {
  const { name, namespace, uid } = statefulSet.metadata ?? {}
  const template = statefulSet.spec?.volumeClaimTemplates?.[0]
  if (name === undefined || uid === undefined || template?.spec === undefined) {
    throw new Error("the API server answered a StatefulSet without uid or claim template")
  }
  const { labels, annotations } = template.metadata ?? {}
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      name: claimName(name),
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ownerReferences: [{ apiVersion: "apps/v1", kind: "StatefulSet", name, uid, controller: true }],
    },
    spec: template.spec,
  }
}
