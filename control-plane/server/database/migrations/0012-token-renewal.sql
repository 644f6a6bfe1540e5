-- Until when one process alone renews the tokens of a linked account: no connection is held while the git host answers.
ALTER TABLE linked_accounts ADD COLUMN renewing_until timestamptz;
