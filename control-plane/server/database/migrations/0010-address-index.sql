-- Addresses are equal when only the case of ASCII letters differs: any other rule would make one person's another's.
DROP INDEX users_by_email;
CREATE INDEX users_by_email ON users (lower(email COLLATE "C"));
