export { importArchive, nodeImages, removeImages } from "./containerd.ts"
export { nodeDown, nodeExists, nodeUp } from "./node.ts"
