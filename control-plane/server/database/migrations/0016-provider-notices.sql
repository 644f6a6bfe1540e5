-- What administrators have to know about a stored provider, each a sentence: for example that a key was found in clear
-- text and taken out. Saving the provider again clears it.
ALTER TABLE providers ADD COLUMN notices jsonb NOT NULL DEFAULT '[]';
