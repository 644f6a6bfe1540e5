import { type RefObject, useLayoutEffect, useSyncExternalStore } from "react"

/** Closer to the end than this, in CSS pixels, is at the end: positions are fractions on scaled screens. */
const AT_END_PX = 2
/** A person who scrolls down to within this many CSS pixels of the end wants to follow it. */
const NEAR_END_PX = 60

/**
 * Keeps the end of a scrolled box in sight. Only the person ends that, by scrolling up (by wheel, touch, key, scroll bar,
 * search or focus) or by opening something that would leave the window; scrolling to the end begins it again. Every
 * position that we write is noted, so that whatever else moves the box up is the person.
 */
export class EndFollower {
  readonly #listeners = new Set<() => void>()
  #box: HTMLElement | null = null
  #following = true
  /** Where the box stood when it was last looked at. */
  #top = 0
  /** What the person opened last: it is not pushed out of sight. */
  #opened: Element | null = null

  // Both are handed to React as they are.
  readonly snapshot = (): boolean => this.#following
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Watches a box until the function that it returns is called. */
  attach(box: HTMLElement): () => void {
    this.#box = box
    const resized = new ResizeObserver(() => this.pin())
    resized.observe(box)
    const opening = ({ target }: Event) => {
      const opener = target instanceof Element ? target.closest("summary, [aria-expanded='false']") : null
      if (opener) this.#opened = opener
    }
    box.addEventListener("scroll", this.#look, { passive: true })
    box.addEventListener("click", opening, true)
    return () => {
      resized.disconnect()
      box.removeEventListener("scroll", this.#look)
      box.removeEventListener("click", opening, true)
      this.#box = null
    }
  }

  /** Runs a write to the box's position that is not the person's. */
  write(move: () => void): void {
    this.#look()
    move()
    this.#top = this.#box?.scrollTop ?? 0
  }

  /** After every change of the contents or of the box: shows the end, if that is followed. */
  pin(): void {
    this.#look()
    const box = this.#box
    if (!box || !this.#following) return
    const gap_px = gapOf(box)
    if (this.#opened?.isConnected && topOf(this.#opened, box) < gap_px) {
      this.#opened = null
      this.#set(false)
      return
    }
    if (gap_px > 0) this.write(() => box.scrollTo({ top: box.scrollHeight, behavior: "instant" }))
  }

  /** The person wants to see the end. */
  toEnd(): void {
    this.#opened = null
    this.#top = this.#box?.scrollTop ?? 0
    this.#set(true)
    this.pin()
  }

  /** What moved the box since it was last looked at, and was not us, is the person. */
  readonly #look = (): void => {
    const box = this.#box
    if (!box) return
    const moved_px = box.scrollTop - this.#top
    this.#top = box.scrollTop
    const gap_px = gapOf(box)
    if (gap_px <= AT_END_PX || (moved_px > 0 && gap_px <= NEAR_END_PX)) this.#set(true)
    else if (moved_px < 0) this.#set(false)
  }

  #set(following: boolean): void {
    if (this.#following === following) return
    this.#following = following
    for (const listener of this.#listeners) listener()
  }
}

/** Keeps a box at its end after every commit of the component that calls this. True while the end is followed. */
export function useFollowing(follower: EndFollower, box: RefObject<HTMLElement | null>): boolean {
  useLayoutEffect(() => (box.current ? follower.attach(box.current) : undefined), [box, follower])
  useLayoutEffect(() => follower.pin())
  return useSyncExternalStore(follower.subscribe, follower.snapshot)
}

function gapOf(box: HTMLElement): number {
  return box.scrollHeight - box.clientHeight - box.scrollTop
}

function topOf(element: Element, box: HTMLElement): number {
  return element.getBoundingClientRect().top - box.getBoundingClientRect().top
}
