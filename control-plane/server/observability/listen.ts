import type { AddressInfo, Server } from "node:net"
import type { Listen } from "../config/types.ts"

/** Resolves with the address once the server listens. @throws Error when the address cannot be had */
export function listenOn(server: Server, { host, port }: Listen): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, host, () => {
      server.off("error", reject)
      resolve(server.address() as AddressInfo)
    })
  })
}
