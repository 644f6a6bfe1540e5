-- Bearer tokens that people make for programs; shown once, stored as a hash.
CREATE TABLE api_tokens (
  id text PRIMARY KEY,
  user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name text NOT NULL,
  token_hash bytea NOT NULL UNIQUE,
  scopes text[] NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz,
  expires_at timestamptz NOT NULL
);
CREATE INDEX api_tokens_by_user ON api_tokens (user_id);

-- What the identity provider gave with a sign-in (refresh token, ID token), sealed; and when to ask it again.
ALTER TABLE logins
  ADD COLUMN provider_sealed bytea,
  ADD COLUMN provider_check_at timestamptz;
CREATE INDEX logins_by_expiry ON logins (expires_at);

-- Sign-in transactions that came back: each counts once, on whichever replica.
CREATE TABLE used_transactions (
  id text PRIMARY KEY,
  expires_at timestamptz NOT NULL
);

CREATE INDEX users_by_email ON users (lower(email));
CREATE INDEX audit_events_by_session ON audit_events (session_id, id DESC) WHERE session_id IS NOT NULL;
CREATE INDEX audit_events_by_actor ON audit_events (actor_id, id DESC) WHERE actor_id IS NOT NULL;

-- A checkpoint seals the events of a range: its digest goes over them and over the checkpoint before, and is signed.
CREATE TABLE audit_checkpoints (
  id bigint PRIMARY KEY,
  first_id bigint NOT NULL,
  last_id bigint NOT NULL,
  events bigint NOT NULL,
  previous bytea NOT NULL,
  digest bytea NOT NULL,
  key_id text NOT NULL,
  signature bytea NOT NULL,
  sealed_at timestamptz NOT NULL,
  -- Set when retention takes the events of the range away; the checkpoint stays as the place where the chain begins.
  removed_at timestamptz
);

-- Events go only with the whole range of a checkpoint that says so, and never by TRUNCATE.
CREATE FUNCTION audit_events_go_with_checkpoints() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM audit_checkpoints c
              WHERE c.removed_at IS NOT NULL AND OLD.id BETWEEN c.first_id AND c.last_id) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'audit_events is append-only';
END $$;
CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events
  FOR EACH ROW EXECUTE FUNCTION audit_events_go_with_checkpoints();
CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON audit_events
  FOR EACH STATEMENT EXECUTE FUNCTION audit_events_are_final();
