import { createServer, type ViteDevServer } from "vite"
import { repositoryRoot } from "../../scripts/lib/paths.ts"

/**
 * Serves the web UI from its sources, with hot reload, and passes `/api` on to a server.
 * @param api base URL of the server, without a path
 * @param port where to listen on 127.0.0.1; the next free one when it is taken
 */
export async function serveUi({ api, port }: { api: string; port: number }): Promise<ViteDevServer> {
  const server = await createServer({
    configFile: `${repositoryRoot}/control-plane/ui/vite.config.ts`,
    server: { host: "127.0.0.1", port, proxy: { "/api": { target: api, changeOrigin: false } } },
  })
  return await server.listen()
}
