import type { ButtonHTMLAttributes, Ref } from "react"
import { Icon, type IconName } from "./Icon.tsx"

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly kind?: "plain" | "primary" | "danger" | "quiet"
  readonly icon?: IconName
  /** Shows that it is at work and takes no further click. */
  readonly busy?: boolean
  readonly ref?: Ref<HTMLButtonElement>
}

/** A button with words, and perhaps an icon before them. */
export function Button({ kind = "plain", icon, busy = false, children, disabled, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className="button"
      data-kind={kind}
      disabled={disabled === true || busy}
      aria-busy={busy || undefined}
      {...rest}
    >
      {busy ? <span className="spinner" aria-hidden="true" /> : icon && <Icon name={icon} />}
      {children}
    </button>
  )
}

/** A button that is only an icon; `label` is its name and its tooltip. */
export function IconButton({ icon, label, kind = "quiet", ...rest }: ButtonProps & { icon: IconName; label: string }) {
  return (
    <button
      type="button"
      className="button"
      data-kind={kind}
      data-icon-only=""
      aria-label={label}
      title={label}
      {...rest}
    >
      <Icon name={icon} />
    </button>
  )
}
