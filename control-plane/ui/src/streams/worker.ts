import { createApi } from "../api/client.ts"
import { Hub, type Port } from "./hub.ts"

// What is shared by all pages of this browser that are signed in as the same user. Its name ends with the base address.
const baseUrl = self.name.split(" ").at(-1) ?? ""
const api = createApi({ fetch: (...request) => self.fetch(...request), baseUrl, onUnauthenticated: () => undefined })
const hub = new Hub({ api, now: Date.now })

self.addEventListener("connect", (event) => {
  const [port] = (event as MessageEvent).ports
  if (port) hub.connect(port as unknown as Port)
})
