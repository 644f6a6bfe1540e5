import { type AnchorHTMLAttributes, type MouseEvent, useSyncExternalStore } from "react"
import { parseRoute, pathOf, type Route } from "./routes.ts"

/** Where the UI is installed; ends with a slash. The server's <base> says it. */
export const BASE = new URL(".", document.baseURI)

const listeners = new Set<() => void>()
window.addEventListener("popstate", tell)

function tell(): void {
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Path and query below the prefix, without leading slash. */
export function currentPath(): string {
  const { pathname, search } = window.location
  return (pathname.startsWith(BASE.pathname) ? pathname.slice(BASE.pathname.length) : "") + search
}

/** The page of the address bar. */
export function useRoute(): Route {
  const current = useSyncExternalStore(subscribe, currentPath)
  const url = new URL(current, BASE)
  return parseRoute(url.pathname.slice(BASE.pathname.length), url.search)
}

/** The parameters of the address bar. */
export function useSearch(): URLSearchParams {
  return new URLSearchParams(useSyncExternalStore(subscribe, () => window.location.search))
}

/** Goes to a page (a path below the prefix). */
export function navigate(path: string, { replace = false } = {}): void {
  const url = new URL(path, BASE)
  if (replace) window.history.replaceState(null, "", url)
  else window.history.pushState(null, "", url)
  tell()
}

/** Changes the parameters of the page without a new entry in the history. */
export function replaceSearch(search: URLSearchParams): void {
  const url = new URL(window.location.href)
  url.search = search.toString()
  window.history.replaceState(null, "", url)
  tell()
}

interface LinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  readonly to: Route
}

/** A link to a page that opens without a reload, and as any link with Ctrl, Shift or the middle button. */
export function Link({ to, onClick, ...rest }: LinkProps) {
  const path = pathOf(to)
  function go(event: MouseEvent<HTMLAnchorElement>) {
    onClick?.(event)
    if (event.defaultPrevented || event.button !== 0) return
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    navigate(path)
  }
  return <a href={new URL(path, BASE).href} onClick={go} {...rest} />
}
