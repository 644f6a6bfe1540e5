export { fenced, staleLease } from "./store.ts"
