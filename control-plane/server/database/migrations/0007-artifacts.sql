-- What is kept of a session in the object store. It outlives the session's row: who may read it is written down here.
CREATE TABLE artifacts (
  session_id text PRIMARY KEY,
  owner_id text NOT NULL REFERENCES users (id),
  visibility text NOT NULL CHECK (visibility IN ('private', 'public')),
  -- Which stop or delete of the session it is of.
  generation integer NOT NULL,
  -- The one for whose end the agent was last asked for its changes: it is asked once.
  asked_generation integer,
  -- {at, why}: why the agent's changes are not there; null when they are.
  patch_missing jsonb,
  -- [{name, bytes, at}]
  files jsonb NOT NULL DEFAULT '[]',
  -- When it is tried (again) to write; null while everything is written.
  due_at timestamptz,
  attempts integer NOT NULL DEFAULT 0,
  last_error text,
  written_at timestamptz
);
CREATE INDEX artifacts_to_write ON artifacts (due_at) WHERE due_at IS NOT NULL;

-- What waits to be written. Gone once the store has it.
CREATE TABLE artifact_files (
  session_id text NOT NULL REFERENCES artifacts (session_id) ON DELETE CASCADE,
  name text NOT NULL,
  generation integer NOT NULL,
  content bytea NOT NULL,
  PRIMARY KEY (session_id, name)
);
