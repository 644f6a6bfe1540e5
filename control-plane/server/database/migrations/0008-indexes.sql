-- What a git host tells by webhook names the account as the host knows it.
CREATE INDEX linked_accounts_by_subject ON linked_accounts (provider, host, subject);
-- A session's page asks for the last of these whenever it is opened, among thousands of deltas.
CREATE INDEX session_events_notices ON session_events (session_id, seq) WHERE type = 'notice';
