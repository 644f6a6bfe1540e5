/** The name that people know a repository by: its last two path parts, without `.git`. */
export function repositoryName(url: string): string {
  const path = /^[^/]+@[^:/]+:(.*)$/.exec(url)?.[1] ?? pathOf(url)
  const parts = path
    .replace(/\.git\/?$/, "")
    .split("/")
    .filter((part) => part !== "")
  return parts.slice(-2).join("/") || url
}

function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname : url
}

/** The address for a person's browser, when it is one that a browser can open. */
export function repositoryLink(url: string): string | null {
  if (!URL.canParse(url)) return null
  const { protocol, host, pathname } = new URL(url)
  if (protocol !== "https:" && protocol !== "http:") return null
  return `${protocol}//${host}${pathname.replace(/\.git$/, "")}`
}
