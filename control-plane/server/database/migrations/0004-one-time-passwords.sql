-- A password that somebody else chose or saw: whoever signs in with it can do nothing but replace it.
ALTER TABLE passwords
  ADD COLUMN must_change boolean NOT NULL DEFAULT false,
  ADD COLUMN expires_at timestamptz;
ALTER TABLE logins ADD COLUMN must_change_password boolean NOT NULL DEFAULT false;
