import { type Config, parseConfig } from "../../../control-plane/server/config/index.ts"

export const ADMIN = { email: "Admin@example.com", password: "correct horse battery" }

/** A configuration that a local installation could have; `changes` go into the file, `env` into the environment. */
export function testConfig(changes: Record<string, unknown> = {}, env: Record<string, string> = {}): Config {
  const file = {
    release: "berth",
    instance: "berth",
    namespace: "berth",
    sessionNamespace: "berth-sessions",
    public: { host: "127.0.0.1", pathPrefix: "/", tls: false },
    images: { dataPlane: "a:1", dataPlaneInit: "b:1", auth: "c:1" },
    broker: { url: "https://berth-broker.berth.svc:8081", caConfigMap: "berth-broker-ca" },
    sessions: { serviceAccountName: "berth-session" },
    sessionVolume: { storageSize: "2Gi" },
    ...changes,
  }
  const environment = {
    PGHOST: "unused",
    BETTER_AUTH_SECRET: "a secret of at least 32 characters",
    BERTH_ENCRYPTION_KEYS: Buffer.alloc(32, 7).toString("base64"),
    BERTH_ADMIN_EMAIL: ADMIN.email,
    BERTH_ADMIN_PASSWORD: ADMIN.password,
    BERTH_HTTP_LISTEN: "127.0.0.1:0",
    BERTH_UI_DIR: "/nonexistent",
    ...env,
  }
  return parseConfig(environment, () => JSON.stringify(file))
}
