export { ensureTools, type ToolContext, toolPath } from "./build.ts"
export { type ToolName, toolNames } from "./catalog.ts"
export { ensureDebianPackages } from "./debian.ts"
