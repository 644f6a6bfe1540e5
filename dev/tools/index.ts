export { ensureTools } from "./build.ts"
export { catalog, type ToolName } from "./catalog.ts"
export { ensureDebianPackages } from "./debian.ts"
