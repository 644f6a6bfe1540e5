import type { UpOptions } from "./options.ts"

export type Outcome = {
  url: string
  email: string
  password: string
  kubeconfig: string
  namespace: string
  repository: string | null
}

/** What a person reads at the end: address, login, three next steps. */
export function summary(outcome: Outcome, options: UpOptions, elapsed_s: number): string {
  const { url, email, password, kubeconfig, namespace, repository } = outcome
  const scripted = repository !== null && options.providerJson === undefined
  const first = `Open a session on ${repository ?? "a git repository"}`
  const flags = [
    options.namespace === "berth" ? "" : ` --namespace ${options.namespace}`,
    options.release === "berth" ? "" : ` --release ${options.release}`,
  ].join("")
  return `
Berth is up after ${Math.round(elapsed_s)} s.

  Address    ${url}
  Login      ${email}
  Password   ${password}

Next
  1. Open ${url} and sign in.
  2. ${first} and ${scripted ? "send:  bash: sh test/greet.test.sh" : "ask for a change."}
  3. ${scripted ? "Use a real model: npm run up -- --provider-json FILE" : "Make accounts for others, or set up single sign-on."}

kubectl: KUBECONFIG=${kubeconfig} kubectl -n ${namespace} get pods
\`npm run down${flags ? ` --${flags}` : ""}\` removes all of it.
`
}
