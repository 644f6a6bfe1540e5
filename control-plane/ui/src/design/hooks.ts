import { useEffect, useState } from "react"

/** The time, again every `every_ms` while `running`. */
export function useNow(every_ms: number, running = true): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    if (!running) return
    setNow(Date.now())
    const timer = setInterval(() => setNow(Date.now()), every_ms)
    return () => clearInterval(timer)
  }, [every_ms, running])
  return now
}

/** The title of the browser's tab. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === "" ? "Berth" : `${title} · Berth`
  }, [title])
}

/** The value, once it has stayed the same for `wait_ms`. Compared by its JSON. */
export function useSettled<Value>(value: Value, wait_ms: number): Value {
  const [settled, setSettled] = useState(value)
  const key = JSON.stringify(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(JSON.parse(key) as Value), wait_ms)
    return () => clearTimeout(timer)
  }, [key, wait_ms])
  return settled
}

/** True once `value` has been true for `wait_ms` without a break: keeps what is over at once from flashing. */
export function useLasting(value: boolean, wait_ms: number): boolean {
  const [lasting, setLasting] = useState(false)
  useEffect(() => {
    if (!value) {
      setLasting(false)
      return
    }
    const timer = setTimeout(() => setLasting(true), wait_ms)
    return () => clearTimeout(timer)
  }, [value, wait_ms])
  return lasting
}
