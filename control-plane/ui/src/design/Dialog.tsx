import { type ReactNode, useId, useLayoutEffect, useRef, useState } from "react"
import { createPortal } from "react-dom"
import { messageOf } from "../api/client.ts"
import { Button } from "./Button.tsx"

interface DialogProps {
  readonly title: string
  readonly onClose: () => void
  readonly children: ReactNode
  readonly className?: string
  /** Only for assistive technology. */
  readonly titleHidden?: boolean
  /** Neither Escape nor a press beside it closes it. */
  readonly insistent?: boolean
}

/**
 * A modal dialog, open while it is rendered. The browser keeps the focus inside and gives it back after. It stands at the
 * end of the page, so that it looks the same whatever opened it: the browser draws it above everything, but it would
 * inherit the styles of what surrounds it.
 */
export function Dialog(props: DialogProps) {
  const { title, onClose, children, className = "", titleHidden = false, insistent = false } = props
  const ref = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  // Closed while it is still in the page: only then does the browser give the focus back.
  useLayoutEffect(() => {
    const dialog = ref.current
    if (dialog && !dialog.open) dialog.showModal()
    return () => dialog?.close()
  }, [])
  return createPortal(
    <dialog
      ref={ref}
      className={`dialog ${className}`}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault()
        if (!insistent) onClose()
      }}
      onClick={(event) => {
        if (event.target === ref.current && !insistent) onClose()
      }}
    >
      <h2 id={titleId} className={titleHidden ? "hidden-text" : "dialog-title"}>
        {title}
      </h2>
      {children}
    </dialog>,
    document.body,
  )
}

interface ConfirmProps {
  readonly title: string
  readonly children: ReactNode
  readonly action: string
  readonly kind?: "primary" | "danger"
  /** Awaited; what it throws is shown and the dialog stays. */
  readonly onConfirm: () => Promise<void>
  readonly onClose: () => void
}

/** Asks before something that cannot be taken back. The way out has the focus. */
export function Confirm({ title, children, action, kind = "danger", onConfirm, onClose }: ConfirmProps) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<string | null>(null)
  async function confirm() {
    setBusy(true)
    setError(null)
    try {
      await onConfirm()
      onClose()
    } catch (failure) {
      setError(messageOf(failure))
      setBusy(false)
    }
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <div className="dialog-body">
        <div className="muted">{children}</div>
        {error !== null && (
          <p className="field-error" role="alert">
            {error}
          </p>
        )}
        <div className="dialog-actions">
          <Button onClick={onClose} autoFocus>
            Cancel
          </Button>
          <Button kind={kind} busy={busy} onClick={confirm}>
            {action}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
