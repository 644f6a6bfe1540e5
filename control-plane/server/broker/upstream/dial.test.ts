import { describe, expect, it } from "vitest"
import { isPublicAddress } from "../../addresses/index.ts"
import { createDialer } from "./dial.ts"

describe("an address", () => {
  it.each([
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "192.0.0.192",
    "198.18.0.1",
    "168.63.129.16",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2001::1",
    "not-an-address",
    "",
  ])("%s is not dialled", (address) => {
    expect(isPublicAddress(address)).toBe(false)
  })

  it.each(["1.1.1.1", "140.82.121.3", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450:4001::1"])(
    "%s is",
    (address) => {
      expect(isPublicAddress(address)).toBe(true)
    },
  )
})

describe("the dialer", () => {
  const addresses: Record<string, string[]> = {
    "public.example.com": ["1.1.1.1"],
    "private.example.com": ["10.0.0.7"],
    "mixed.example.com": ["10.0.0.7", "1.1.1.1"],
    "allowed.svc": ["10.0.0.8"],
  }
  const dialer = createDialer({
    allowedPrivateHosts: ["Allowed.svc:8080", "127.0.0.1"],
    resolve: async (name) => (addresses[name] ?? []).map((address) => ({ address, family: 4 })),
  })
  const dialled = (address: string) =>
    new Promise<unknown>((resolve, reject) => {
      const url = new URL(address)
      dialer.lookup(url)(url.hostname, { all: true }, (error, found) => (error ? reject(error) : resolve(found)))
    })

  it("hands out the very addresses that it checked, without the private ones", async () => {
    expect(await dialled("https://public.example.com")).toEqual([{ address: "1.1.1.1", family: 4 }])
    expect(await dialled("https://mixed.example.com")).toEqual([{ address: "1.1.1.1", family: 4 }])
  })

  it.each([
    "https://private.example.com",
    "https://nowhere.example.com",
    "http://allowed.svc",
    "http://allowed.svc:8081",
  ])("refuses %s in words", async (address) => {
    await expect(dialled(address)).rejects.toThrow("broker.allowedPrivateHosts")
  })

  it("dials a private host that an operator has listed, on its port", async () => {
    expect(await dialled("http://allowed.svc:8080")).toEqual([{ address: "10.0.0.8", family: 4 }])
    expect(() => dialer.lookup(new URL("http://127.0.0.1:99"))).not.toThrow()
  })

  it.each([
    "http://10.0.0.1",
    "http://[::1]",
    "http://[::ffff:127.0.0.1]",
    "http://0x7f.1",
    "http://2130706433",
    "http://017700000001",
    "http://169.254.169.254",
    "http://0",
  ])("refuses the literal %s before anything is dialled", (address) => {
    // The last forms are IPv4 in disguise, which URL parsing makes plain; 127.0.0.1 itself is on this dialer's list.
    const strict = createDialer({ allowedPrivateHosts: [] })
    expect(() => strict.lookup(new URL(address))).toThrow("private address")
  })
})
