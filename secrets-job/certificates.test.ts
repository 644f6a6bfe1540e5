import { X509Certificate } from "node:crypto"
import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { connect, createServer } from "node:tls"
import { describe, expect, test } from "vitest"
import { joinAuthorities, makeBrokerCertificate, reasonToRenew } from "./certificates.ts"

const NAMES = ["berth-broker", "berth-broker.ns.svc"]
const NOW = new Date()
const YEAR_ms = 365 * 86_400_000

describe("the broker's certificate", () => {
  test("is accepted for its names by a client that trusts only its authority, and for no other name", async () => {
    const made = makeBrokerCertificate(NAMES, NOW)
    const server = createServer({ cert: made["tls.crt"], key: made["tls.key"] }, (socket) => socket.end("hello"))
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    const dial = (servername: string) =>
      new Promise<string>((resolve) => {
        const { port } = server.address() as AddressInfo
        const socket = connect({ host: "127.0.0.1", port, servername, ca: made["ca.crt"] })
        socket.on("data", (data) => resolve(`${data}`))
        socket.on("error", (error) => resolve((error as NodeJS.ErrnoException).code ?? error.message))
      })
    try {
      expect(await dial("berth-broker.ns.svc")).toBe("hello")
      expect(await dial("other.ns.svc")).toBe("ERR_TLS_CERT_ALTNAME_INVALID")
    } finally {
      server.close()
    }
  })

  test("cannot sign another certificate, and its authority cannot sign an authority", () => {
    const made = makeBrokerCertificate(NAMES, NOW)
    const ca = new X509Certificate(made["ca.crt"])
    const leaf = new X509Certificate(made["tls.crt"])
    expect(leaf.ca).toBe(false)
    expect(ca.ca).toBe(true)
    expect(leaf.checkIssued(ca)).toBe(true)
    expect(leaf.verify(ca.publicKey)).toBe(true)
    expect(leaf.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"])
  })

  test("is another one each time: keys, serial numbers, authorities", () => {
    const made = Array.from({ length: 8 }, () => makeBrokerCertificate(NAMES, NOW))
    for (const part of ["tls.key", "ca.crt", "tls.crt"] as const) {
      expect(new Set(made.map((one) => one[part])).size).toBe(8)
    }
    expect(new Set(made.map((one) => new X509Certificate(one["tls.crt"]).serialNumber)).size).toBe(8)
  })

  test("is made anew when a name is missing, when it ends within a year, and when it cannot be read", () => {
    const made = makeBrokerCertificate(NAMES, NOW)
    expect(reasonToRenew(made["tls.crt"], NAMES, NOW)).toBeNull()
    expect(reasonToRenew(made["tls.crt"], [...NAMES, "new.svc"], NOW)).toBe("it lacks the name new.svc")
    expect(reasonToRenew(made["tls.crt"], NAMES, new Date(NOW.getTime() + 9.5 * YEAR_ms))).toBe("it ends within a year")
    expect(reasonToRenew("nonsense", NAMES, NOW)).toBe("it is not a certificate")
  })

  test("keeps the authority before it trusted, once, while that is valid", () => {
    const [first, second, third] = [1, 2, 3].map(() => makeBrokerCertificate(NAMES, NOW))
    if (!first || !second || !third) throw new Error("three were made")
    const two = joinAuthorities(second["ca.crt"], first["ca.crt"], NOW)
    expect(two).toBe(second["ca.crt"] + first["ca.crt"])
    expect(joinAuthorities(third["ca.crt"], two, NOW)).toBe(third["ca.crt"] + second["ca.crt"])
    const later = new Date(NOW.getTime() + 11 * YEAR_ms)
    expect(joinAuthorities(second["ca.crt"], first["ca.crt"], later)).toBe(second["ca.crt"])
  })
})
