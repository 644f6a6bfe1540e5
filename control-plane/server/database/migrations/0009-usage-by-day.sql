-- Model usage by day (UTC): figures outlive the session that they were counted for, until they are past their time.
ALTER TABLE usage
  DROP CONSTRAINT usage_session_id_fkey,
  DROP CONSTRAINT usage_pkey,
  ADD COLUMN day date NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')::date;
UPDATE usage SET day = (updated_at AT TIME ZONE 'UTC')::date;
ALTER TABLE usage ADD PRIMARY KEY (session_id, provider, day);
CREATE INDEX usage_by_day ON usage (day, user_id);
