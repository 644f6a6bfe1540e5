export { newId, randomName, randomToken } from "./ids.ts"
export { Secret } from "./secret.ts"
