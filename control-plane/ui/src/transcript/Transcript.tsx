import { elementScroll, useVirtualizer, type VirtualItem, type Virtualizer } from "@tanstack/react-virtual"
import { type Ref, useEffect, useImperativeHandle, useMemo, useRef, useState } from "react"
import { Button } from "../design/Button.tsx"
import { useLiveSession, usePageLive } from "../session/live-context.ts"
import { EndFollower, useFollowing } from "./follow.ts"
import { type LineActions, LineView } from "./LineView.tsx"
import { type Line, linesOf } from "./lines.ts"
import type { Outgoing } from "./rows/UserRow.tsx"
import { createRowMaker } from "./rows.ts"
import "./transcript.css"

export interface TranscriptHandle {
  toEnd(): void
}

interface TranscriptProps extends LineActions {
  readonly ref: Ref<TranscriptHandle>
  readonly outgoing: readonly Outgoing[]
  readonly ready: boolean
}

/** Older messages are asked for when this few lines are left above. */
const OLDER_LINES = 6

/** The conversation. Only what is near the visible part is in the page. */
export function Transcript({ ref, outgoing, ready, ...actions }: TranscriptProps) {
  const { state } = usePageLive()
  const makeRows = useMemo(createRowMaker, [])
  const { status, activity } = state.session ?? {}
  const inTurn = status === "running" && activity !== "idle"
  const busy = inTurn && activity === "busy"
  const lines = useMemo(
    () =>
      linesOf(makeRows(state.messages, inTurn), {
        outgoing,
        session: state.session,
        busy,
      }),
    [makeRows, state.messages, state.session, outgoing, inTurn, busy],
  )
  const box = useRef<HTMLDivElement>(null)
  const [follower] = useState(() => new EndFollower())
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    getItemKey: (index) => lines[index]?.key ?? index,
    estimateSize: (index) => estimate(lines[index]),
    overscan: 8,
    paddingStart: 20,
    paddingEnd: 20,
    // Older messages that are put before the first one move nothing.
    anchorTo: "end",
    // The follower alone decides whether the end is followed.
    scrollEndThreshold: Number.NEGATIVE_INFINITY,
    scrollToFn: (...to) => follower.write(() => elementScroll(...to)),
  })
  const following = useFollowing(follower, box)
  useImperativeHandle(ref, () => ({ toEnd: () => follower.toEnd() }), [follower])

  const items = virtual.getVirtualItems()
  useOlder(virtual, useSettled(ready))

  return (
    <div className="transcript-frame">
      <Older />
      <div ref={box} className="transcript" role="region" aria-label="Conversation" tabIndex={0}>
        <div className="transcript-space" style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const line = lines[item.index]
            return (
              line && <Placed key={item.key} item={item} line={line} measure={virtual.measureElement} {...actions} />
            )
          })}
        </div>
        {ready && lines.length === 0 && (
          <p className="transcript-empty">Nothing has been said yet. Write the first prompt below.</p>
        )}
      </div>
      {lines.length > 0 && !following && (
        <Button icon="arrowDown" className="button jump" onClick={() => follower.toEnd()}>
          Latest
        </Button>
      )}
    </div>
  )
}

/** Where the reading of older messages stands. */
function Older() {
  const live = useLiveSession()
  const { loadingOlder, olderFailed } = usePageLive()
  if (loadingOlder) {
    return (
      <p className="older" role="status">
        <span className="spinner" aria-hidden="true" /> Reading older messages
      </p>
    )
  }
  if (!olderFailed) return null
  return (
    <div className="older" role="alert">
      Older messages could not be read <Button onClick={() => void live.loadOlder()}>Try again</Button>
    </div>
  )
}

/** True once the end has been drawn: until then, the list stands at its start. */
function useSettled(ready: boolean): boolean {
  const [settled, setSettled] = useState(false)
  useEffect(() => {
    if (!ready) return
    let frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(() => setSettled(true))
    })
    return () => cancelAnimationFrame(frame)
  }, [ready])
  return settled
}

/** Asks for older messages as one comes near the start. */
function useOlder(virtual: Virtualizer<HTMLDivElement, Element>, settled: boolean): void {
  const live = useLiveSession()
  const { state, loadingOlder, olderFailed } = usePageLive()
  const first = virtual.range?.startIndex
  const wants = settled && first !== undefined && first <= OLDER_LINES
  const may = state.olderCursor !== null && !loadingOlder && !olderFailed
  useEffect(() => {
    if (wants && may) void live.loadOlder()
  }, [wants, may, live])
}

interface PlacedProps extends LineActions {
  readonly item: VirtualItem
  readonly line: Line
  readonly measure: (element: HTMLElement | null) => void
}

function Placed({ item, line, measure, ...actions }: PlacedProps) {
  return (
    <div
      ref={measure}
      data-index={item.index}
      className="line"
      data-kind={line.kind}
      style={{ transform: `translateY(${item.start}px)` }}
    >
      <LineView line={line} {...actions} />
    </div>
  )
}

/** Heights before they are measured, in pixels. */
function estimate(line: Line | undefined): number {
  if (line?.kind === "part" && line.part.type === "text")
    return 40 + Math.ceil((line.part.body.text?.length ?? 0) / 95) * 22
  if (line?.kind === "user") return 90
  return 36
}
