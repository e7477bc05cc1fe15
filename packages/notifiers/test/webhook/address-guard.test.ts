import { describe, expect, it } from "vitest";
import { AddressGuard } from "../../src/webhook/address-guard.ts";

const guard = new AddressGuard([]);

describe("an address that webhooks may not reach", () => {
  it.each([
    "127.0.0.1",
    "10.255.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fd00::1",
    "fe80::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "ff02::1",
  ])("is %s", (address) => {
    expect(guard.allows(address)).toBe(false);
  });

  it.each(["http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/", "http://[::ffff:7f00:1]/", "https://127.1"])(
    "is told however it is written: %s",
    (url) => {
      expect(guard.allowsHost(url)).toBe(false);
    },
  );

  it("is found behind a name when it is connected to", async () => {
    const resolve = (allowed: string[], all: boolean): Promise<unknown> =>
      new Promise((done) => {
        new AddressGuard(allowed).lookup("localhost", { all }, (error, address) => done(error?.message ?? address));
      });
    expect(await resolve([], true)).toBe("localhost is within a network that webhooks may not reach");
    expect(await resolve([], false)).toBe("localhost is within a network that webhooks may not reach");
    const loopback = ["127.0.0.0/8", "::1/128"];
    expect(["127.0.0.1", "::1"]).toContain(await resolve(loopback, false));
    expect(await resolve(loopback, true)).toContainEqual({ address: "127.0.0.1", family: 4 });
  });
});

describe("an address that webhooks may reach", () => {
  it.each(["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:1.1.1.1"])("is %s", (address) => {
    expect(guard.allows(address)).toBe(true);
  });

  it("is a private one that the operator allows, and its neighbour is not", () => {
    const own = new AddressGuard(["10.1.0.0/16", "fd00:1::/32"]);
    expect([own.allows("10.1.2.3"), own.allows("10.2.0.1")]).toEqual([true, false]);
    expect([own.allows("fd00:1::5"), own.allows("fd00:2::5")]).toEqual([true, false]);
    expect(own.allowsHost("http://10.1.2.3:8080/hook")).toBe(true);
  });
});
