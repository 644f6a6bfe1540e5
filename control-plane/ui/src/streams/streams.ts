import type { Api } from "../api/client.ts"
import type { EventStream, Link } from "../api/event-stream.ts"
import { Hub, type Port } from "./hub.ts"
import { type FromHub, type FromPage, REPEAT_MS, type Told, type Topic } from "./protocol.ts"

export interface FollowOptions {
  /** What to follow, and from where on: asked whenever it is subscribed. */
  readonly topic: () => Topic
  readonly onTold: (told: Told) => void
  readonly onLink: (link: Link) => void
}

/** What a page follows on the server. */
export interface Streams {
  follow(options: FollowOptions): EventStream
  close(): void
}

interface StreamsOptions {
  readonly api: Api
  /** Ends with a slash. */
  readonly baseUrl: string
  /** Who is signed in: pages of others have a worker of their own. */
  readonly userId: string
}

/** So many repeats without an answer, and the page follows by itself. */
const UNANSWERED_MAX = 3

interface Followed {
  readonly options: FollowOptions
  key: number | null
}

/** The streams of a page: over the worker that all pages share, or where there is none over a connection of its own. */
export function createStreams(options: StreamsOptions): Streams {
  return new PageStreams(options)
}

class PageStreams implements Streams {
  readonly #options: StreamsOptions
  readonly #followed = new Set<Followed>()
  #port: MessagePort
  #shared = true
  #keys = 0
  #unanswered = 0
  #sending = false
  readonly #repeating: ReturnType<typeof setInterval>

  constructor(options: StreamsOptions) {
    this.#options = options
    this.#port = this.#listen(this.#openShared() ?? this.#openOwn())
    this.#repeating = setInterval(() => this.#repeat(), REPEAT_MS)
    window.addEventListener("pagehide", this.#leave)
    window.addEventListener("pageshow", this.#send)
  }

  follow(options: FollowOptions): EventStream {
    const one: Followed = { options, key: null }
    const start = () => {
      if (one.key !== null) return
      this.#followed.add(one)
      one.key = ++this.#keys
      options.onLink({ state: "connecting" })
      this.#send()
    }
    const stop = () => {
      one.key = null
      this.#followed.delete(one)
      this.#send()
    }
    start()
    return {
      nudge: () => this.#post({ op: "nudge" }),
      pause() {
        if (one.key === null) return
        stop()
        options.onLink({ state: "paused" })
      },
      resume: start,
      close: stop,
    }
  }

  close(): void {
    clearInterval(this.#repeating)
    this.#followed.clear()
    this.#leave()
    window.removeEventListener("pagehide", this.#leave)
    window.removeEventListener("pageshow", this.#send)
  }

  #openShared(): MessagePort | null {
    if (typeof SharedWorker === "undefined") return null
    try {
      const name = `berth ${this.#options.userId} ${this.#options.baseUrl}`
      const worker = new SharedWorker(new URL("./worker.ts", import.meta.url), { type: "module", name })
      worker.onerror = () => this.#followAlone()
      return worker.port
    } catch {
      return null
    }
  }

  #openOwn(): MessagePort {
    this.#shared = false
    const { port1, port2 } = new MessageChannel()
    new Hub({ api: this.#options.api, now: Date.now }).connect(port2 as unknown as Port)
    return port1
  }

  #listen(port: MessagePort): MessagePort {
    port.onmessage = ({ data }: MessageEvent<FromHub>) => {
      if (port === this.#port) this.#take(data)
    }
    return port
  }

  /** The worker does not run here, or has died. */
  #followAlone(): void {
    if (!this.#shared) return
    this.#leave()
    this.#port = this.#listen(this.#openOwn())
    for (const one of this.#followed) one.key = ++this.#keys
    this.#send()
  }

  #take(message: FromHub): void {
    this.#unanswered = 0
    if (message.op === "alive") return
    const one = [...this.#followed].find(({ key }) => key === message.key)
    if (!one) return
    if (message.op === "told") one.options.onTold(message.told)
    else {
      one.options.onLink(message.link)
      if (message.link.state === "ended") this.#over(one, message.link.why)
    }
  }

  #over(one: Followed, why: "gone" | "unauthenticated"): void {
    one.key = null
    this.#followed.delete(one)
    // Whether nobody is signed in is the page's to find out, with its own request.
    if (why === "unauthenticated") void this.#options.api.request("me").catch(() => undefined)
  }

  #repeat(): void {
    if (this.#followed.size === 0) return
    if (this.#shared && this.#unanswered >= UNANSWERED_MAX) this.#followAlone()
    this.#unanswered += 1
    this.#send()
  }

  /** Once for all that is begun and ended in the same turn of the event loop. */
  readonly #send = (): void => {
    if (this.#sending) return
    this.#sending = true
    queueMicrotask(() => {
      this.#sending = false
      const subscriptions = [...this.#followed].map(({ options, key }) => ({ key: key ?? 0, topic: options.topic() }))
      this.#post({ op: "want", subscriptions })
    })
  }

  readonly #leave = (): void => this.#post({ op: "want", subscriptions: [] })

  #post(message: FromPage): void {
    this.#port.postMessage(message)
  }
}
