import { existsSync, readFileSync, writeFileSync } from "node:fs"

/** Writes a file only when its text changes: programs that watch their configuration end when it is written. */
export function writeIfChanged(file: string, text: string): void {
  if (existsSync(file) && readFileSync(file, "utf8") === text) return
  writeFileSync(file, text)
}
