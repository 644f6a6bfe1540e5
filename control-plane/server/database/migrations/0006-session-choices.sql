-- How a session's repository is cloned, and what it was made with of what the operator offers.
ALTER TABLE sessions
  -- Commits of history; NULL: all of it.
  ADD COLUMN repository_depth integer,
  ADD COLUMN repository_submodules boolean NOT NULL DEFAULT false,
  -- Instead of its profile's default_binding, in the same words; names only.
  ADD COLUMN binding jsonb,
  ADD COLUMN environment_files jsonb NOT NULL DEFAULT '[]';
