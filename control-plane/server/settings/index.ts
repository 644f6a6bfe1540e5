export { loadSettings, saveSettings } from "./store.ts"
export { readSettings, type UserSettings } from "./types.ts"
