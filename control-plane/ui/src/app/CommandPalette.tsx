import { useQueryClient } from "@tanstack/react-query"
import { type KeyboardEvent, useId, useRef, useState } from "react"
import { ADMINISTRATOR, useMe } from "../api/account.ts"
import { Dialog } from "../design/Dialog.tsx"
import { useSettled } from "../design/hooks.ts"
import { Icon } from "../design/Icon.tsx"
import { NO_FILTERS } from "../sessions/filters.ts"
import { loadedSessions, useSessions } from "../sessions/queries.ts"
import { StatusMark } from "../sessions/StatusMark.tsx"
import { type Command, commandsFor } from "./commands.ts"
import { useSignOut } from "./sign-out.ts"

/** Goes anywhere from the keyboard: pages, sessions, actions. Searches what is loaded at once, the rest on the server. */
export function CommandPalette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("")
  const [at, setAt] = useState(0)
  const list = useRef<HTMLUListElement>(null)
  const id = useId()
  const { commands, searching } = useCommands(text.trim())
  const current = Math.min(at, commands.length - 1)

  function run(command: Command | undefined) {
    if (!command) return
    onClose()
    command.run()
  }

  function move(to: number) {
    const next = (to + commands.length) % Math.max(1, commands.length)
    setAt(next)
    list.current?.children[next]?.scrollIntoView({ block: "nearest" })
  }

  function onKeyDown(event: KeyboardEvent) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (event.key === "Enter" && !event.nativeEvent.isComposing) run(commands[current])
    else if (step !== undefined) move(current + step)
    else return
    event.preventDefault()
  }

  return (
    <Dialog title="Go to" titleHidden onClose={onClose} className="palette">
      <div className="palette-search">
        <Icon name="search" />
        <input
          role="combobox"
          aria-expanded="true"
          aria-controls={id}
          aria-activedescendant={commands[current] ? `${id}-${current}` : undefined}
          aria-label="Go to a session or page"
          placeholder="Session, page or action"
          autoComplete="off"
          spellCheck={false}
          value={text}
          onChange={(event) => {
            setText(event.target.value)
            setAt(0)
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <ul id={id} ref={list} role="listbox" aria-label="Matches" className="palette-list">
        {commands.map((command, index) => (
          <Choice
            key={command.key}
            id={`${id}-${index}`}
            command={command}
            selected={index === current}
            onHover={() => setAt(index)}
            onRun={() => run(command)}
          />
        ))}
        {commands.length === 0 && <li className="palette-none">{searching ? "Searching…" : "Nothing found"}</li>}
      </ul>
    </Dialog>
  )
}

/** What fits some words: at once of what is loaded, then of what the server finds. */
function useCommands(words: string): { commands: readonly Command[]; searching: boolean } {
  const client = useQueryClient()
  const signOut = useSignOut()
  const me = useMe()
  const found = useSessions({ ...NO_FILTERS, q: useSettled(words, 180) }, words.length >= 2)
  const remote = words.length >= 2 ? (found.data?.pages[0]?.items ?? []) : []
  const commands = commandsFor(words, [...loadedSessions(client), ...remote], {
    signOut: () => void signOut(),
    administers: me.data?.role === ADMINISTRATOR,
  })
  return { commands, searching: found.isFetching }
}

interface ChoiceProps {
  readonly id: string
  readonly command: Command
  readonly selected: boolean
  readonly onHover: () => void
  readonly onRun: () => void
}

function Choice({ id, command, selected, onHover, onRun }: ChoiceProps) {
  return (
    <li id={id} role="option" aria-selected={selected} className="palette-item" onPointerMove={onHover} onClick={onRun}>
      {command.session ? <StatusMark session={command.session} dot /> : <Icon name={command.icon ?? "chevron"} />}
      <span className="truncate" dir="auto">
        {command.label}
      </span>
      {command.note && <span className="palette-note truncate">{command.note}</span>}
    </li>
  )
}
