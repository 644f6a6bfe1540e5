import { useSyncExternalStore } from "react"
import { IconButton } from "./Button.tsx"
import { Icon } from "./Icon.tsx"

interface Toast {
  readonly id: number
  readonly kind: "good" | "bad"
  readonly text: string
}

const SHOWN_MS = { good: 4_000, bad: 10_000 } as const
const TOASTS_MAX = 4

let toasts: readonly Toast[] = []
let last = 0
const listeners = new Set<() => void>()

function set(next: readonly Toast[]): void {
  toasts = next
  for (const listener of listeners) listener()
}

function dismiss(id: number): void {
  set(toasts.filter((toast) => toast.id !== id))
}

/** Says in a corner what happened; goes by itself. */
export function toast(kind: Toast["kind"], text: string): void {
  last += 1
  const id = last
  set([...toasts, { id, kind, text }].slice(-TOASTS_MAX))
  setTimeout(() => dismiss(id), SHOWN_MS[kind])
}

/** Where they are shown. One on a page. */
export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => toasts,
  )
  return (
    <section className="toasts" aria-live="polite" aria-label="Messages">
      {shown.map((item) => (
        <div key={item.id} className="toast" data-kind={item.kind}>
          <Icon name={item.kind === "good" ? "check" : "alert"} />
          <div>{item.text}</div>
          <IconButton icon="cross" label="Dismiss" onClick={() => dismiss(item.id)} />
        </div>
      ))}
    </section>
  )
}
