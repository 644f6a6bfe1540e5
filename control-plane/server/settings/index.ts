export { loadSettings, saveSettings } from "./store.ts"
export { DEFAULT_SETTINGS, readSettings, type UserSettings } from "./types.ts"
