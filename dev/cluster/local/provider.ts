import { buildToArchive } from "../../images/build.ts"
import type { ClusterProvider } from "../types.ts"
import { importArchive, nodeImages } from "./containerd.ts"
import { nodeDown, nodeUp } from "./node.ts"

/** A Kubernetes node on this machine, made of packages. */
export function localProvider(reason: string): ClusterProvider {
  return {
    name: "local",
    reason,
    ownsCluster: true,
    registry: "",
    buildsPostgres: true,
    start: async (context) => ({ ...(await nodeUp(context)), context: undefined }),
    provide: async (images, context) => {
      const present = await nodeImages(context.run)
      const missing = images.filter(({ reference }) => !present.has(`docker.io/${reference}`))
      if (missing.length > 0) await buildToArchive(missing, context, (archive) => importArchive(context.run, archive))
    },
    host: async () => "127.0.0.1",
    remove: nodeDown,
  }
}
