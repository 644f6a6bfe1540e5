/** What a person can do, by the code of a reason. Codes of workspace-init's reports are among them. */
const HINTS: Readonly<Record<string, string>> = {
  image_pull:
    "An administrator should check registry.default, the image's registry and tag in the Helm values, and sessions.imagePullSecrets, and that the nodes can reach the registry. Then press Retry.",
  image_invalid: "An administrator should correct the image's name in the Helm values. Then press Retry.",
  quota:
    "Stop or delete a session that is not needed, or ask an administrator to raise the namespace's quota. Then press Retry.",
  quota_unset:
    "An administrator should set the limits and requests that Kubernetes names in sessions.resources and, for auth and workspace-init, in sessions.sidecarResources. Then press Retry.",
  pod_refused:
    "An administrator should compare sessions.podTemplate, sessions.extraVolumes and the namespace's Pod Security level with Kubernetes' words. Then press Retry.",
  workload_refused:
    "An administrator should read Kubernetes' words: a policy of the cluster, or a missing permission of Berth, stands in the way. Then press Retry.",
  unschedulable:
    "The cluster has no room for this session at the moment. Stop a session that is not needed, or ask an administrator for more nodes, smaller sessions.resources or other placement rules.",
  container_refused:
    "An administrator should read the kubelet's words: a mount, a Secret or a setting of the pod is not usable.",
  volume:
    "An administrator should check sessionVolume.storageClassName and the cluster's storage provisioner. Then press Retry.",
  object_missing:
    "Berth makes the session's own Secret and volume again by itself. What the chart makes comes back with helm upgrade; what sessions.extraVolumes or sessions.podTemplate name, an administrator makes.",
  volume_unbound:
    "An administrator should check sessionVolume.storageClassName, the cluster's storage provisioner and the session's PersistentVolumeClaim. Then press Retry.",
  cluster_unavailable:
    "Nothing is lost: Berth goes on by itself as soon as the Kubernetes API answers. If it stays like this, tell an administrator.",
  clone_refused:
    "Check that you may read the repository and that your account for this host is linked. Then press Retry.",
  clone_not_found: "Check the repository's address: the host knows no such repository, or does not show it to you.",
  clone_ref_not_found: "Check the branch, tag or commit: the repository does not have it.",
  clone_failed: "Check the repository's address and try again.",
  broker_unreachable:
    "The session's pod cannot reach Berth's broker. An administrator should check the NetworkPolicies and the broker's Service. Then press Retry.",
  broker_refused:
    "Press Retry. If it fails again, an administrator should read the control plane's log and check broker.verifyPeerAddress.",
  disk_full: "Ask the agent to delete what is not needed, or make the volume larger (Details).",
  disk_almost_full:
    "Ask the agent to delete what is not needed, or make the volume larger (Details), before it is full.",
  disk_low: "Ask the agent to delete what is not needed, or make the volume larger (Details).",
  helper_failed:
    "An administrator should read the log of the container auth and run scripts/berth-auth diagnose. Then press Retry.",
  host_unreachable:
    "Berth cannot reach the git host. Check the repository's address; an administrator should check git.hosts, broker.allowedPrivateHosts and the control plane's egress. Then press Retry.",
  workspace_failed:
    "Press Retry. If it fails again, an administrator should read the log of the container workspace-init.",
  clone_out_of_memory:
    "An administrator should raise sessions.sidecarResources.workspace-init.limits.memory. Or start the session with a shallow clone. Then press Retry.",
  out_of_memory:
    "The agent needs more memory than it may use. Ask an administrator to raise sessions.resources.limits.memory, or ask the agent for smaller steps. Then press Retry.",
  crash_loop: "Press Retry. If it fails again, an administrator should read the log of the pod's containers.",
  evicted:
    "The node took the pod away to protect itself. Press Retry; an administrator may set sessions.resources requests.",
  scratch_full:
    "The pod was replaced and /tmp is empty; the repository is kept. Write large files below /workspace/repo, or ask an administrator to raise sessions.scratchSize and sessions.resources.limits.ephemeral-storage.",
  node_not_ready:
    "The node that runs this session does not answer. Wait for it to come back, or ask an administrator to repair or remove the node.",
  agent_failing:
    "These are the agent's own words. Press Retry; if it happens again, an administrator should check the providers' settings and the agent's log.",
  agent_silent:
    "Nothing is needed from you: Berth goes on asking, and gives the agent a new pod if only this one stays silent. If all sessions say this, an administrator should check the NetworkPolicies between the control plane and the session pods.",
  agent_unreadable:
    "Nothing is needed from you: Berth goes on trying, and gives the agent a new pod if it stays so. The workspace is kept.",
  not_stored:
    "The agent goes on, and what it says is stored later. An administrator should give the database more disk space, or point Berth at its primary.",
  start_timeout:
    "Press Retry. If it happens again, an administrator should look at the pod's events, or raise sessions.startTimeout.",
}

const FALLBACK = "Press Retry. If it fails again, tell an administrator these words."

/** What a person can do about a reason with this code. */
export function hintFor(code: string): string {
  return HINTS[code] ?? FALLBACK
}
