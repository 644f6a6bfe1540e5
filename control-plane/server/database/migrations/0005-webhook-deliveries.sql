-- What git hosts told by webhook and was acted upon: a repeat, on whichever replica, changes nothing.
CREATE TABLE webhook_deliveries (
  provider text NOT NULL,
  id text NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (provider, id)
);
CREATE INDEX webhook_deliveries_received_at ON webhook_deliveries (received_at);
