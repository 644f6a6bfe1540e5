export { importArchive } from "./containerd.ts"
export { nodeDown, nodeExists, nodeUp } from "./node.ts"
