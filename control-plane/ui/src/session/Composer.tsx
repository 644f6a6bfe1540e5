import { type KeyboardEvent, useEffect, useRef, useState } from "react"
import { messageOf } from "../api/client.ts"
import { keep, recall } from "../app/storage.ts"
import { Button, IconButton } from "../design/Button.tsx"

interface ComposerProps {
  readonly sessionId: string
  /** The agent is in a turn: a further prompt is queued, and the turn can be stopped. */
  readonly working: boolean
  readonly ready: boolean
  readonly stopped: boolean
  readonly refill: { text: string } | null
  readonly aborting: boolean
  readonly onAbort: () => void
  /** What it throws is shown, and the text stays. */
  readonly onSend: (text: string) => Promise<void>
}

/** Where one writes to the agent. What is typed survives a reload. */
export function Composer(props: ComposerProps) {
  const { sessionId, working, stopped, refill, onSend } = props
  const key = `draft:${sessionId}`
  const [text, setText] = useState(() => recall<string>(key) ?? "")
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<string | null>(null)
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(() => keep(key, text === "" ? null : text), [key, text])
  useEffect(() => {
    if (!refill) return
    setText((before) => (before.trim() === "" ? refill.text : `${refill.text}\n\n${before}`))
    field.current?.focus()
  }, [refill])

  async function send() {
    if (text.trim() === "" || busy) return
    setBusy(true)
    setError(null)
    try {
      await onSend(text.trim())
      // What has been typed since is not sent yet.
      setText((now) => (now.startsWith(text) ? now.slice(text.length).trimStart() : now))
    } catch (failure) {
      setError(messageOf(failure))
    }
    setBusy(false)
    field.current?.focus()
  }

  function onKeyDown(event: KeyboardEvent<HTMLTextAreaElement>) {
    if (event.key === "Escape") event.currentTarget.blur()
    if (event.key !== "Enter" || event.nativeEvent.isComposing || event.shiftKey) return
    const mod = event.metaKey || event.ctrlKey
    // On a phone the key for a new line has no other meaning.
    if (!mod && window.matchMedia("(pointer: coarse)").matches) return
    event.preventDefault()
    void send()
  }

  return (
    <div className="composer input-frame">
      {error !== null && (
        <p className="field-error" role="alert">
          {error}
        </p>
      )}
      <label htmlFor="composer" className="hidden-text">
        Prompt
      </label>
      <textarea
        id="composer"
        dir="auto"
        ref={field}
        rows={1}
        maxLength={200_000}
        placeholder={placeholderOf(props)}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <ComposerFoot {...props} busy={busy} empty={text.trim() === ""} onSubmit={send} hint={hintOf(working, stopped)} />
    </div>
  )
}

interface ComposerFootProps extends ComposerProps {
  readonly busy: boolean
  readonly empty: boolean
  readonly hint: string
  readonly onSubmit: () => void
}

function ComposerFoot({ working, stopped, busy, empty, hint, aborting, onAbort, onSubmit }: ComposerFootProps) {
  return (
    <div className="composer-foot">
      <span className="composer-hint">{hint}</span>
      {working && (
        <Button icon="stop" busy={aborting} onClick={onAbort} title="Stop what the agent is doing">
          Interrupt
        </Button>
      )}
      {stopped ? (
        <Button kind="primary" icon="play" busy={busy} disabled={empty} onClick={onSubmit}>
          Start and send
        </Button>
      ) : (
        <IconButton
          icon="arrowUp"
          kind="primary"
          label={working ? "Queue" : "Send"}
          disabled={empty || busy}
          onClick={onSubmit}
        />
      )}
    </div>
  )
}

function placeholderOf({ working, ready, stopped }: ComposerProps): string {
  if (stopped) return "Go on where you left off: history and workspace are kept"
  if (working) return "Queue a further prompt"
  return ready ? "What next?" : "Write already: it is sent as soon as the agent runs"
}

function hintOf(working: boolean, stopped: boolean): string {
  if (stopped) return "Starts the session first"
  return working ? "Enter to queue" : "Enter to send, Shift Enter for a new line"
}
