import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Connection, isLibvirtError, Libvirt, procedureNames, VIR } from "../src/index.ts";
import type { Watched } from "../src/index.ts";
import { procedureOf } from "../src/protocol/names.ts";
import { findLibvirtd, SessionDaemon } from "./support/session-daemon.ts";

const libvirtd = findLibvirtd();
const required = process.env["CLOUDHOST_HOST_TESTS"] === "1";
if (libvirtd === undefined && !required)
  process.stderr.write("skipped: no libvirtd on this machine (apt-get install libvirt-daemon)\n");

const guest = (index: number): string =>
  `<domain type='test'><name>guest-${index}</name><memory>8192</memory><os><type>hvm</type></os></domain>`;

describe.skipIf(libvirtd === undefined && !required)("a real libvirtd", () => {
  let daemon: SessionDaemon;
  let libvirt: Libvirt;

  beforeAll(async () => {
    if (libvirtd === undefined) throw new Error("CLOUDHOST_HOST_TESTS=1, and this machine has no libvirtd");
    daemon = new SessionDaemon(libvirtd);
    await daemon.start();
    libvirt = await Libvirt.open({ uri: "test:///default", socketPath: daemon.socketPath, reconnect: { firstMs: 20 } });
  });
  afterAll(async () => {
    await libvirt.close();
    await daemon[Symbol.asyncDispose]();
  });

  it("tells who it is", async () => {
    expect(await libvirt.hostname()).not.toBe("");
    expect((await libvirt.versions()).libvirt).toMatch(/^\d+\.\d+\.\d+$/);
    expect(await libvirt.capabilities()).toContain("<capabilities>");
  });

  it("takes a domain through its life", async () => {
    const domain = await libvirt.defineDomain(guest(0));
    expect(await domain.state()).toMatchObject({ state: VIR.DOMAIN_SHUTOFF });
    await domain.start();
    expect(await domain.state()).toMatchObject({ state: VIR.DOMAIN_RUNNING });
    await domain.suspend();
    expect(await domain.state()).toMatchObject({ state: VIR.DOMAIN_PAUSED });
    await domain.resume();
    await domain.setMetadata(
      { namespace: "urn:test", prefix: "t", xml: "<note>&lt;kept&gt;</note>" },
      { affect: ["config"] },
    );
    expect(await domain.metadata("urn:test")).toContain("&lt;kept&gt;");
    expect(await domain.metadata("urn:other")).toBeUndefined();
    await expect(domain.start()).rejects.toMatchObject({ kind: "daemon", domain: VIR.FROM_TEST });
    await domain.destroy();
    await domain.undefine();
    expect(await libvirt.findDomain({ uuid: domain.uuid })).toBeUndefined();
  });

  it("lists a thousand domains with their state in under 100 ms", async () => {
    const defined = await Promise.all(Array.from({ length: 1000 }, (_, index) => libvirt.defineDomain(guest(index))));
    await Promise.all(defined.slice(0, 300).map((domain) => domain.start()));
    const times: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const beforeMs = performance.now();
      const states = await libvirt.domainStates();
      times.push(performance.now() - beforeMs);
      const running = states.filter(({ state }) => state.state === VIR.DOMAIN_RUNNING);
      expect([states.length, running.length]).toEqual([1001, 301]);
    }
    expect(Math.min(...times)).toBeLessThan(100);
    await Promise.all(defined.slice(0, 300).map((domain) => domain.destroy()));
    await Promise.all(defined.map((domain) => domain.undefine()));
  });

  it("understands the answer to every question that needs no argument", async () => {
    const connection = await Connection.open({ uri: "test:///default", socketPath: daemon.socketPath });
    const questions = procedureNames.filter((name) => {
      const { args } = procedureOf(name);
      return (
        /^(connect|node)(Get|Num|List|Is)/.test(name) && args.kind === "struct" && Object.keys(args.fields).length === 0
      );
    });
    const answered: string[] = [];
    const misunderstood: unknown[] = [];
    for (const name of questions) {
      try {
        await connection.call(name as "connectGetHostname", {});
        answered.push(name);
      } catch (error) {
        if (!isLibvirtError(error) || error.kind !== "daemon") misunderstood.push(error);
      }
    }
    expect(misunderstood).toEqual([]);
    expect(questions.length).toBeGreaterThan(15);
    expect(answered).toEqual(expect.arrayContaining(["connectGetHostname", "nodeGetInfo", "connectNumOfDomains"]));
    await connection.close();
  });

  it("tells what happens, and survives the daemon's restart with nothing lost that listing does not show", async () => {
    const stop = new AbortController();
    const told: Watched<"domainLifecycle">[] = [];
    const watching = (async () => {
      for await (const each of libvirt.watch(["domainLifecycle"], { signal: stop.signal })) told.push(each);
    })();
    await expect.poll(() => told).toEqual([{ kind: "subscribed" }]);
    const domain = await libvirt.defineDomain(guest(1));
    await domain.start();
    await expect.poll(() => told.length).toBe(3);
    expect(told.slice(1)).toMatchObject([
      { kind: "domainLifecycle", event: { msg: { dom: { name: "guest-1" }, event: VIR.DOMAIN_EVENT_DEFINED } } },
      { kind: "domainLifecycle", event: { msg: { dom: { name: "guest-1" }, event: VIR.DOMAIN_EVENT_STARTED } } },
    ]);
    await daemon.kill();
    await expect(libvirt.hostname()).rejects.toMatchObject({ kind: "disconnected" });
    await daemon.start();
    await expect.poll(() => told.at(-1), { timeout: 10_000 }).toEqual({ kind: "subscribed" });
    const again = await libvirt.defineDomain(guest(2));
    await expect.poll(() => told.at(-1)).toMatchObject({ event: { msg: { dom: { name: "guest-2" } } } });
    await again.undefine();
    stop.abort();
    await watching;
  });
});
