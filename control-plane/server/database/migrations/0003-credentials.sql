-- Model providers that administrators made. Secrets in `definition` are replaced by %%SECRET%%; their values are in
-- `secrets_sealed`, one JSON object by path.
CREATE TABLE providers (
  id text PRIMARY KEY,
  definition jsonb NOT NULL,
  secrets_sealed bytea,
  updated_at timestamptz NOT NULL DEFAULT now(),
  updated_by text NOT NULL
);

-- Accounts at git hosts that users have linked. One account for a user and host.
CREATE TABLE linked_accounts (
  id text PRIMARY KEY,
  user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  provider text NOT NULL,
  -- The git host that it is for, as it stands in repository addresses.
  host text NOT NULL,
  -- The host's own lasting id of the account; its login may change.
  subject text NOT NULL,
  login text NOT NULL,
  name text NOT NULL DEFAULT '',
  email text NOT NULL DEFAULT '',
  -- {access, refresh} as JSON.
  tokens_sealed bytea NOT NULL,
  access_expires_at timestamptz,
  refresh_expires_at timestamptz,
  -- Why it does not work any more and has to be linked again; null while it works.
  broken_reason text,
  created_at timestamptz NOT NULL DEFAULT now(),
  refreshed_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (user_id, host)
);

-- Linkings that were begun: the browser's way to the host and back. Only the hash of `state` is stored.
CREATE TABLE link_attempts (
  state_hash bytea PRIMARY KEY,
  user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  provider text NOT NULL,
  verifier_sealed bytea NOT NULL,
  expires_at timestamptz NOT NULL
);
