/** Something that can be given up while nobody looks. */
interface Pausable {
  pause(): void
  resume(): void
  nudge(): void
}

/**
 * Pauses after the page has been hidden for `hidden_ms_max`, resumes when it is seen again, and tries at once when the
 * network is back. Returns what ends it.
 */
export function whileVisible(target: Pausable, hidden_ms_max: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const seen = () => {
    clearTimeout(timer)
    if (document.visibilityState === "hidden") timer = setTimeout(() => target.pause(), hidden_ms_max)
    else {
      target.resume()
      target.nudge()
    }
  }
  const online = () => target.nudge()
  // A page that is opened in the background may never be looked at.
  if (document.visibilityState === "hidden") seen()
  document.addEventListener("visibilitychange", seen)
  window.addEventListener("online", online)
  return () => {
    clearTimeout(timer)
    document.removeEventListener("visibilitychange", seen)
    window.removeEventListener("online", online)
  }
}
