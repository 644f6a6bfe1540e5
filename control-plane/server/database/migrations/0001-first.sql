-- People and their sign-ins.
CREATE TABLE users (
  id text PRIMARY KEY,
  issuer text NOT NULL,
  subject text NOT NULL,
  email text NOT NULL,
  name text NOT NULL,
  role text NOT NULL DEFAULT 'member',
  settings jsonb NOT NULL DEFAULT '{}',
  disabled_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_sign_in_at timestamptz,
  UNIQUE (issuer, subject)
);

CREATE TABLE passwords (
  user_id text PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  hash text NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now()
);

-- One row a signed-in browser; only the hash of the cookie's value is stored.
CREATE TABLE logins (
  id text PRIMARY KEY,
  user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  token_hash bytea NOT NULL UNIQUE,
  method text NOT NULL,
  user_agent text NOT NULL DEFAULT '',
  address text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  idle_expires_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX logins_by_user ON logins (user_id);

CREATE TABLE rate_limits (
  key varchar(255) PRIMARY KEY,
  points integer NOT NULL DEFAULT 0,
  expire bigint
);

-- A session is the user's unit of work; what it runs in is a workload.
CREATE TABLE sessions (
  id text PRIMARY KEY,
  owner_id text NOT NULL REFERENCES users (id),
  title text NOT NULL,
  visibility text NOT NULL CHECK (visibility IN ('private', 'public')),
  desired text NOT NULL CHECK (desired IN ('running', 'stopped', 'deleted')),
  status text NOT NULL CHECK (status IN ('creating', 'starting', 'running', 'stopping', 'stopped', 'failed', 'deleting')),
  -- Why it failed or waits: {code, message, hint}.
  reason jsonb,
  activity text NOT NULL DEFAULT 'idle' CHECK (activity IN ('busy', 'idle', 'waiting')),
  -- Start-up steps as shown to people: [{name, state, startedAt, endedAt, detail}].
  steps jsonb NOT NULL DEFAULT '[]',
  repository_url text,
  repository_ref text,
  profile text,
  environment_sealed bytea,
  tags jsonb NOT NULL DEFAULT '{}',
  -- The agent's own name for the conversation; kept so that it goes on after a restart.
  agent_session_id text,
  -- Which run of the agent was followed last (pod uid and restarts): another one means that its work was interrupted.
  agent_run text,
  -- Grows with every start, stop, retry and delete; a failure is remembered for one generation only.
  generation integer NOT NULL DEFAULT 1,
  failed_generation integer,
  idempotency_key text,
  idempotency_hash bytea,
  -- The lease: who drives this session. Every write of the driver names its epoch and is refused when it is stale.
  lease_holder text,
  lease_epoch bigint NOT NULL DEFAULT 0,
  lease_expires_at timestamptz,
  -- True while there is something to drive: set by every write that changes desired state, cleared by the driver.
  pending boolean NOT NULL DEFAULT true,
  event_seq bigint NOT NULL DEFAULT 0,
  message_position bigint NOT NULL DEFAULT 0,
  last_message jsonb,
  last_active_at timestamptz NOT NULL DEFAULT now(),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sessions_by_owner ON sessions (owner_id, created_at DESC, id);
CREATE INDEX sessions_by_time ON sessions (created_at DESC, id);
CREATE INDEX sessions_to_drive ON sessions (lease_expires_at NULLS FIRST) WHERE pending OR desired <> 'stopped';
CREATE UNIQUE INDEX sessions_by_idempotency ON sessions (owner_id, idempotency_key) WHERE idempotency_key IS NOT NULL;

CREATE TABLE workloads (
  id text PRIMARY KEY,
  session_id text UNIQUE REFERENCES sessions (id) ON DELETE SET NULL,
  name text NOT NULL UNIQUE,
  -- The agent's HTTP password, sealed under the key ring.
  password_sealed bytea NOT NULL,
  statefulset_uid text,
  -- What workspace-init and the sidecar last reported.
  report jsonb,
  report_pod_uid text,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- The transcript. A message of a user is stored before it is sent to the agent.
CREATE TABLE messages (
  session_id text NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  id text NOT NULL,
  position bigint NOT NULL,
  role text NOT NULL CHECK (role IN ('user', 'assistant')),
  -- Conversation of a sub-agent, or null for the session's own.
  agent_session_id text,
  author_id text,
  -- Delivery of a user's message: queued -> sending -> sent | failed. Null for the agent's own.
  delivery text CHECK (delivery IN ('queued', 'sending', 'sent', 'failed')),
  -- The id under which the agent knows a user's message; fixed before the first attempt to send it.
  agent_message_id text,
  body jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  completed_at timestamptz,
  PRIMARY KEY (session_id, id)
);
CREATE UNIQUE INDEX messages_in_order ON messages (session_id, position);
CREATE UNIQUE INDEX messages_by_agent_id ON messages (session_id, agent_message_id) WHERE agent_message_id IS NOT NULL;
CREATE INDEX messages_to_send ON messages (session_id, position) WHERE delivery IN ('queued', 'sending');

CREATE TABLE parts (
  session_id text NOT NULL,
  message_id text NOT NULL,
  id text NOT NULL,
  position integer NOT NULL,
  type text NOT NULL,
  body jsonb NOT NULL,
  -- Number of the event that wrote it last. A growing text is its body and the deltas in the log after that event.
  seq bigint NOT NULL,
  PRIMARY KEY (session_id, message_id, id),
  FOREIGN KEY (session_id, message_id) REFERENCES messages (session_id, id) ON DELETE CASCADE
);

-- What the agent asks the user: permission or question.
CREATE TABLE requests (
  session_id text NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  id text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('permission', 'question')),
  body jsonb NOT NULL,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'answered', 'withdrawn')),
  answer jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (session_id, id)
);

-- The live event log of a session, numbered under its lease; pruned when it is no longer needed for a resume.
CREATE TABLE session_events (
  session_id text NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  seq bigint NOT NULL,
  type text NOT NULL,
  body jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (session_id, seq)
);
CREATE INDEX session_events_by_time ON session_events (created_at);

-- Append-only for everyone: nobody may change what happened, and only whole rows past retention go.
CREATE TABLE audit_events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  actor_id text,
  actor text NOT NULL,
  action text NOT NULL,
  session_id text,
  request_id text,
  address text,
  outcome text NOT NULL CHECK (outcome IN ('ok', 'refused', 'failed')),
  facts jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_events_by_time ON audit_events (at DESC, id DESC);
CREATE FUNCTION audit_events_are_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit_events is append-only';
END $$;
CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events
  FOR EACH ROW EXECUTE FUNCTION audit_events_are_final();

-- Model usage by session and provider, counted by the gateway.
CREATE TABLE usage (
  session_id text NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  user_id text NOT NULL,
  provider text NOT NULL,
  requests bigint NOT NULL DEFAULT 0,
  failed_requests bigint NOT NULL DEFAULT 0,
  response_bytes bigint NOT NULL DEFAULT 0,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (session_id, provider)
);

-- One row for every encryption key that has sealed a value here and was not retired: a known text under that key.
CREATE TABLE vault_keys (
  key_id text PRIMARY KEY,
  sentinel bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
