-- What an agent takes back or removes stays in the transcript with the time of its removal.
ALTER TABLE messages ADD COLUMN removed_at timestamptz;
ALTER TABLE parts ADD COLUMN removed_at timestamptz;
