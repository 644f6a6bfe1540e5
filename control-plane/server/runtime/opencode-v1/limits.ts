/**
 * What one agent may make us hold or store. A pod is hostile: whatever exceeds a limit is cut or dropped, never an error.
 * Real values seen: a running tool's output is capped at about 30 KB by OpenCode, a turn over 2,000 files put 1.15 MB of
 * diffs into one message event, one page of 50 chatty messages was 6 MB.
 */
export const LIMITS = {
  event_bytes_max: 4 * 1024 * 1024,
  resync_buffer_bytes_max: 16 * 1024 * 1024,
  /** Of a page of messages and of a workspace's changes. A message may hold an image that the agent looked at. */
  json_bytes_max: 12 * 1024 * 1024,
  /** Of a list that is not the history. */
  list_bytes_max: 4 * 1024 * 1024,
  /** Of the list of conversations that work. */
  status_bytes_max: 256 * 1024,
  /** Of an answer to a question with a short answer. */
  answer_bytes_max: 64 * 1024,
  /**
   * Values, keys and elements in one JSON text: parsing costs up to 0.5 µs for each, and 10 ns for a byte of a string. A turn
   * over 2,000 files has 24,000.
   */
  json_values_max: 64 * 1024,
  page_messages: 50,
  history_messages_max: 5000,
  sub_agents_max: 200,
  tracked_parts_max: 20_000,
  running_tools_max: 500,
  /** Prompts of one session that are told from messages which the agent made itself; the newest. */
  own_prompts_max: 10_000,
  tracked_turns_max: 200,
  open_requests_max: 100,
  open_requests_chars_max: 4 * 1024 * 1024,
  growing_texts_max: 20,
  /** Read of an agent's conversations at once, with what is too large to be used. */
  history_bytes_max: 96 * 1024 * 1024,
  /** Held of them until it is handed over; a character takes up to two bytes. */
  history_chars_max: 24 * 1024 * 1024,
  outbox_chars_max: 8 * 1024 * 1024,
  batch_changes: 200,
  batch_chars: 1024 * 1024,
  text_chars_max: 1024 * 1024,
  output_chars_max: 64 * 1024,
  input_chars_max: 64 * 1024,
  diff_chars_max: 256 * 1024,
  name_chars_max: 500,
  message_chars_max: 2000,
  list_items_max: 200,
  prompt_chars_max: 1024 * 1024,
} as const

/**
 * How fast one agent may make us work, so that a flood of one pod is its own problem: what is above waits in the pod.
 * The most that a real one sent was 2.6 MB/s, of which 0.1 MB/s were left after coalescing.
 */
export const RATES = {
  stream_bytes_per_ms: 4 * 1024,
  stream_burst_bytes: 8 * 1024 * 1024,
  /** What an event costs besides its bytes: reading a short one takes 15 µs. */
  event_bytes: 512,
  /** What each value in it costs: 0.4 µs, when all of them are keys and no two the same. */
  value_bytes: 16,
  delivery_chars_per_ms: 1024,
  /** While nobody watches yet: a long history should not take long. */
  catch_up_chars_per_ms: 8 * 1024,
} as const

/** Waiting, in milliseconds. */
export const TIMES = {
  connect_timeout_ms: 5000,
  request_timeout_ms: 20_000,
  /** Short: a request that arrives while the server starts is accepted and never answered, only a new one is. */
  stream_open_timeout_ms: 3000,
  prompt_timeout_ms: 30_000,
  /** OpenCode sends a heartbeat every 10 s; three missed ones mean a dead stream. */
  silence_max_ms: 30_000,
  watchdog_step_ms: 1000,
  text_flush_ms: 40,
  part_interval_ms: 100,
  /** Each running update carries the whole output so far, so long ones are sent less often. */
  large_part_interval_ms: 500,
  large_part_chars: 8 * 1024,
  backoff_min_ms: 250,
  backoff_max_ms: 5000,
  /** Between two readings of the history because events were too long. */
  reread_interval_ms: 30_000,
  error_poll_ms: 300,
  error_notice_ms: 1000,
  busy_poll_ms: 10_000,
} as const
