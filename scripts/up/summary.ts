export type Outcome = {
  url: string
  email: string
  password: string
  kubeconfig: string
  namespace: string
  repository: string | null
}

/** What a person reads at the end: address, login, three next steps. */
export function summary(outcome: Outcome, elapsed_s: number): string {
  const { url, email, password, kubeconfig, namespace, repository } = outcome
  const first = repository
    ? `Open a session on ${repository} and send:  bash: sh test/greet.test.sh`
    : "Open a session on a git repository and ask for a change"
  return `
Berth is up after ${Math.round(elapsed_s)} s.

  Address    ${url}
  Login      ${email}
  Password   ${password}

Next
  1. Open ${url} and sign in.
  2. ${first}
  3. ${repository ? "Use a real model: npm run up -- --provider-json FILE" : "Invite others: see docs/ for single sign-on"}

kubectl: KUBECONFIG=${kubeconfig} kubectl -n ${namespace} get pods
\`npm run down\` removes all of it.
`
}
