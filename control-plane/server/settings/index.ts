export { readSettings, type UserSettings } from "./types.ts"
