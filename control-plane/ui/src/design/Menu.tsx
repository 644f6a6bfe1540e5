import { type KeyboardEvent, type ReactNode, type RefObject, useEffect, useId, useRef, useState } from "react"
import { Icon, type IconName } from "./Icon.tsx"

export type MenuEntry =
  | {
      readonly label: string
      readonly icon?: IconName
      readonly danger?: boolean
      readonly checked?: boolean
      readonly keys?: string
      readonly onSelect: () => void
    }
  | "line"

interface MenuProps {
  /** Name of the button. */
  readonly label: string
  readonly entries: readonly MenuEntry[]
  readonly children: ReactNode
  readonly align?: "start" | "end"
  readonly side?: "down" | "up"
  readonly className?: string
  readonly iconOnly?: boolean
}

/** A menu button (WAI-ARIA pattern): arrows, Home, End, first letter, Escape. */
export function Menu({
  label,
  entries,
  children,
  align = "end",
  side = "down",
  className,
  iconOnly = false,
}: MenuProps) {
  const root = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const [open, setOpen] = useOpen(root)
  const id = useId()

  function close() {
    setOpen(false)
    button.current?.focus()
  }

  return (
    <div
      className="menu"
      ref={root}
      onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && setOpen(false)}
    >
      <button
        ref={button}
        type="button"
        className={className ?? "button"}
        data-kind="quiet"
        {...(iconOnly ? { "data-icon-only": "" } : {})}
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
        onKeyDown={(event) => {
          if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return
          event.preventDefault()
          setOpen(true)
        }}
      >
        {children}
      </button>
      {open && (
        <div
          id={id}
          role="menu"
          tabIndex={-1}
          aria-label={label}
          className="menu-list"
          data-align={align}
          data-side={side}
          onKeyDown={(event) => moveFocus(event, root.current, close)}
        >
          {entries.map((entry, index) => (
            <Entry key={entry === "line" ? `line-${index}` : entry.label} entry={entry} close={close} />
          ))}
        </div>
      )}
    </div>
  )
}

/** Open until something else is pressed; the first entry takes the focus. */
function useOpen(root: RefObject<HTMLElement | null>): [boolean, (open: boolean) => void] {
  const [open, setOpen] = useState(false)
  useEffect(() => {
    if (!open) return
    items(root.current)[0]?.focus()
    const outside = (event: PointerEvent) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false)
    }
    document.addEventListener("pointerdown", outside)
    return () => document.removeEventListener("pointerdown", outside)
  }, [open, root])
  return [open, setOpen]
}

function Entry({ entry, close }: { entry: MenuEntry; close: () => void }) {
  if (entry === "line") return <hr className="menu-line" />
  const choice = entry.checked !== undefined
  return (
    <button
      type="button"
      role={choice ? "menuitemradio" : "menuitem"}
      aria-checked={choice ? entry.checked : undefined}
      tabIndex={-1}
      className="menu-item"
      {...(entry.danger ? { "data-danger": "" } : {})}
      onClick={() => {
        close()
        entry.onSelect()
      }}
    >
      {choice ? <Icon name={entry.checked ? "check" : "circle"} /> : entry.icon && <Icon name={entry.icon} />}
      {entry.label}
      {entry.keys && <kbd className="kbd">{entry.keys}</kbd>}
    </button>
  )
}

function items(root: HTMLElement | null): HTMLElement[] {
  return root ? [...root.querySelectorAll<HTMLElement>(".menu-item")] : []
}

function moveFocus(event: KeyboardEvent, root: HTMLElement | null, close: () => void): void {
  const all = items(root)
  const at = all.findIndex((item) => item === document.activeElement)
  const to = target(event.key, at, all)
  if (event.key === "Escape") {
    event.stopPropagation()
    close()
  } else if (to) {
    event.preventDefault()
    to.focus()
  }
}

function target(key: string, at: number, all: readonly HTMLElement[]): HTMLElement | undefined {
  if (key === "ArrowDown") return all[(at + 1) % all.length]
  if (key === "ArrowUp") return all[(at - 1 + all.length) % all.length]
  if (key === "Home") return all[0]
  if (key === "End") return all.at(-1)
  if (key.length !== 1) return undefined
  const rotated = [...all.slice(at + 1), ...all.slice(0, at + 1)]
  return rotated.find((item) => item.textContent?.trim().toLowerCase().startsWith(key.toLowerCase()))
}
