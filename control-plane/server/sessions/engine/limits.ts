/** How long the engine waits for what. */
export const TIMES = {
  /** Leases last 10 s (store/leases.ts); a holder that could not renew stops acting one second before. */
  renew_ms: 3_000,
  lease_valid_ms: 9_000,
  /** A renewal without an answer is given up in time for a second one, on another connection, before the lease is over. */
  renew_answer_ms: 3_000,
  /**
   * A step that takes longer hangs: its session goes to another driver. The longest that does not are a prompt (30 s) and
   * the answer of a slow database. With the time to take it over this stays below a minute.
   */
  step_ms: 45_000,
  /** How long stopping waits for what is under way. */
  stop_ms: 10_000,
  claim_ms: 2_000,
  sweep_ms: 15_000,
  prune_ms: 10 * 60_000,
  /** Age from which superseded events may be dropped. */
  event_age_ms: 60 * 60_000,
  /** Between two questions to an agent that boots; the kubelet would notice it up to a second later. */
  boot_probe_ms: 150,
  /** The same once a boot takes this long: an image is being pulled, or a large repository cloned. */
  slow_boot_ms: 15_000,
  slow_boot_probe_ms: 500,
  /** Between two questions to an agent that stopped answering. */
  check_probe_ms: 2_000,
  probe_timeout_ms: 2_000,
  /** The last question before a pod is taken away: an agent on a busy node may need that long for its answer. */
  last_probe_ms: 10_000,
  wedged_ms: 60_000,
  /** An agent that answers and cannot be followed: longer, because its turn may go on all the same. */
  unfollowed_ms: 120_000,
  /** After this long, a running session says why it is not in step with its agent. */
  told_ms: 15_000,
  /** An agent whose last sign of life is younger counts as heard. */
  heard_ms: 15_000,
  /** A conversation that was in step this long had begun well: the pauses between two begin anew. */
  steady_ms: 30_000,
  /** Into a start, or since the agent is lost, the session's objects are made again in case one was deleted; then again. */
  first_repair_ms: 5_000,
  repair_ms: 15_000,
  /** The same while all is well: 1,000 sessions make 3 requests a second. */
  settled_repair_ms: 10 * 60_000,
  /** How long stopping or deleting waits for the workspace's changes, where they are kept. */
  patch_ms: 10_000,
  /**
   * After this long without a sign of its turn, the agent is asked about an accepted prompt. The first turn of a process
   * shows after 0.1 to 5 s.
   */
  turn_begins_ms: 5_000,
  /** How long an agent may keep refusing a prompt. */
  prompt_ms: 50_000,
  /** Looking again while something is under way, and while nothing is. Watches and notifications come before. */
  look_ms: 1_000,
  /** The same at a start that takes long: each look reads events, and a full cluster may have many such starts. */
  slow_look_ms: 3_000,
  idle_look_ms: 30_000,
  /** While a start makes no progress, the API server is asked directly this often: the watch may be dead. */
  live_look_ms: 5_000,
  backoff_min_ms: 250,
  backoff_max_ms: 10_000,
} as const

export const COUNTS = {
  claim: 50,
  probes_in_flight: 4,
  /** A step that is only slow must get to its end some day: each driver that is given up doubles the limit for the next. */
  step_doublings_max: 4,
  /** After so many attempts a prompt counts as failed. */
  prompt_attempts: 4,
  /** How many times `turn_begins_ms` a late attempt is waited for: all of them together take less than a minute. */
  patience: 3,
} as const
