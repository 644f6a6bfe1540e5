-- A prompt was given to the agent and its end is not known yet: neither an answer nor an error. At most one of a session.
ALTER TABLE messages ADD COLUMN awaited boolean NOT NULL DEFAULT false;
-- How often a prompt was given to an agent.
ALTER TABLE messages ADD COLUMN attempts smallint NOT NULL DEFAULT 0;

CREATE INDEX messages_to_settle ON messages (session_id, position) WHERE awaited OR delivery IN ('queued', 'sending');
DROP INDEX messages_to_send;
