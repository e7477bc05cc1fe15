import { describe, expect, it } from "vitest";
import { Domain, Libvirt, parameter, valuesOf, VIR } from "../../src/index.ts";
import type { LibvirtOptions, Watched } from "../../src/index.ts";
import { FakeDaemon, held, Refusal, settled } from "../support/fake-daemon.ts";

const ref = (index: number): { name: string; uuid: string; id: number } => ({
  name: `guest-${index}`,
  uuid: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
  id: index,
});
const running = { state: VIR.DOMAIN_RUNNING, reason: 0 };
const open = (daemon: FakeDaemon, options: LibvirtOptions = {}): Promise<Libvirt> =>
  Libvirt.open({ transport: daemon.transport, keepalive: false, reconnect: { firstMs: 1, mostMs: 2 }, ...options });

describe("lanes", () => {
  it("hold up no other domain while four calls hang", async () => {
    const hang = held({});
    const daemon = new FakeDaemon({ domainSuspend: hang.handler, domainResume: () => ({}) });
    await using libvirt = await open(daemon);
    const hanging = Array.from({ length: 4 }, (_, index) => new Domain(libvirt, ref(index)).suspend());
    await settled();
    expect(hang.waiting()).toBe(4);
    await new Domain(libvirt, ref(5)).resume();
    expect(hang.waiting()).toBe(4);
    expect(daemon.peers.length).toBe(2);
    hang.release();
    await Promise.all(hanging);
  });

  it("keep questions, changes and long jobs on connections of their own", async () => {
    const daemon = new FakeDaemon({
      domainGetState: () => running,
      domainResume: () => ({}),
      domainCreateWithFlags: ({ dom }) => ({ dom }),
    });
    await using libvirt = await open(daemon);
    const domain = new Domain(libvirt, ref(1));
    await Promise.all([domain.state(), domain.resume(), domain.start()]);
    const work = daemon.peers.map((peer) => peer.calls.slice(2));
    expect(work).toEqual(expect.arrayContaining([["domainResume"], ["domainGetState"], ["domainCreateWithFlags"]]));
  });

  it("have no more connections than they may, and wait then", async () => {
    const hang = held({});
    const daemon = new FakeDaemon({ domainSuspend: hang.handler });
    await using libvirt = await open(daemon, { maxConnectionsPerLane: 2, maxInFlight: 2 });
    const hanging = Array.from({ length: 7 }, (_, index) => new Domain(libvirt, ref(index)).suspend());
    await settled();
    expect([daemon.peers.length, hang.waiting()]).toEqual([2, 4]);
    hang.release();
    await Promise.all(hanging);
  });

  it("change one domain one thing at a time; power is cut without waiting", async () => {
    const hang = held({});
    const daemon = new FakeDaemon({
      domainSuspend: hang.handler,
      domainResume: () => ({}),
      domainDestroyFlags: () => ({}),
    });
    await using libvirt = await open(daemon);
    const domain = new Domain(libvirt, ref(1));
    const order: string[] = [];
    const suspend = domain.suspend().then(() => order.push("suspended"));
    const resume = domain.resume().then(() => order.push("resumed"));
    await settled();
    await domain.destroy().then(() => order.push("destroyed"));
    hang.release();
    await Promise.all([suspend, resume]);
    expect(order).toEqual(["destroyed", "suspended", "resumed"]);
  });

  it("find a restarted daemon with the next call", async () => {
    const daemon = new FakeDaemon({ domainGetState: () => running });
    await using libvirt = await open(daemon);
    const domain = new Domain(libvirt, ref(1));
    await domain.state();
    for (const peer of daemon.peers) peer.die();
    daemon.down = true;
    await settled();
    await expect(domain.state()).rejects.toThrow("nobody there");
    daemon.down = false;
    expect(await domain.state()).toEqual(running);
  });
});

describe("watching", () => {
  it("says when to list, the events after that, and when to list again", async () => {
    const registered: number[] = [];
    const daemon = new FakeDaemon({
      connectDomainEventCallbackRegisterAny: ({ eventID }) => ({ callbackID: registered.push(eventID) }),
    });
    await using libvirt = await open(daemon);
    const stop = new AbortController();
    const told: Watched<"domainLifecycle" | "domainReboot">[] = [];
    const watching = (async () => {
      for await (const each of libvirt.watch(["domainLifecycle", "domainReboot"], { signal: stop.signal }))
        told.push(each);
    })();
    await expect.poll(() => told).toEqual([{ kind: "subscribed" }]);
    expect(registered).toEqual([VIR.DOMAIN_EVENT_ID_LIFECYCLE, VIR.DOMAIN_EVENT_ID_REBOOT]);
    const lifecycle = { callbackID: 1, msg: { dom: ref(1), event: 2, detail: 0 } };
    daemon.peers.at(-1)?.emit("domainLifecycle", lifecycle);
    daemon.peers.at(-1)?.emit("domainReboot", { callbackID: 2, msg: { dom: ref(1) } });
    await expect.poll(() => told.length).toBe(3);
    daemon.peers.at(-1)?.die();
    await expect
      .poll(() => told.map(({ kind }) => kind))
      .toEqual(["subscribed", "domainLifecycle", "domainReboot", "subscribed"]);
    expect(registered).toHaveLength(4);
    expect(told[1]).toEqual({ kind: "domainLifecycle", event: lifecycle });
    stop.abort();
    await watching;
  });

  it("ends when the client is closed", async () => {
    const daemon = new FakeDaemon({ connectDomainEventCallbackRegisterAny: () => ({ callbackID: 1 }) });
    const libvirt = await open(daemon);
    const kinds: string[] = [];
    const watching = (async () => {
      for await (const { kind } of libvirt.watch(["domainLifecycle"])) kinds.push(kind);
    })();
    await expect.poll(() => kinds).toEqual(["subscribed"]);
    await libvirt.close();
    await watching;
    await expect(libvirt.hostname()).rejects.toMatchObject({ kind: "disconnected" });
  });

  it("ends when the signal fires before the daemon has answered", async () => {
    const registration = held({ callbackID: 1 });
    const daemon = new FakeDaemon({ connectDomainEventCallbackRegisterAny: registration.handler });
    await using libvirt = await open(daemon);
    const stop = new AbortController();
    const kinds: string[] = [];
    const watching = (async () => {
      for await (const { kind } of libvirt.watch(["domainLifecycle"], { signal: stop.signal })) kinds.push(kind);
    })();
    stop.abort();
    registration.release();
    await watching;
    expect(kinds).toEqual(["subscribed"]);
  });

  it("gives up on what trying again does not mend", async () => {
    const daemon = new FakeDaemon();
    await using libvirt = await open(daemon);
    const first = libvirt.watch(["domainLifecycle"])[Symbol.asyncIterator]().next();
    await expect(first).rejects.toMatchObject({ kind: "daemon" });
  });
});

describe("typed methods", () => {
  it("say what the protocol says, shorter", async () => {
    const asked: unknown[] = [];
    const scheduler = [
      parameter.ullong("cpu_shares", 4096),
      parameter.llong("vcpu_quota", 50_000),
      parameter.boolean("on", true),
    ];
    const daemon = new FakeDaemon({
      connectGetHostname: () => ({ hostname: "host-1" }),
      connectGetLibVersion: () => ({ libVer: 9_000_012n }),
      connectGetVersion: () => ({ hvVer: 7_002_022n }),
      connectListAllDomains: (args) => (asked.push(args), { domains: [ref(1), ref(2)], ret: 2 }),
      domainLookupByUuid: () => {
        throw new Refusal({ code: VIR.ERR_NO_DOMAIN, message: "no domain" });
      },
      domainLookupByName: () => ({ dom: ref(1) }),
      domainGetMetadata: () => {
        throw new Refusal({ code: VIR.ERR_NO_DOMAIN_METADATA, message: "none" });
      },
      domainSetMetadata: (args) => (asked.push(args), {}),
      domainGetSchedulerParametersFlags: () => ({ params: scheduler, nparams: 3 }),
      domainGetBlockJobInfo: () => ({ found: 1, type: 2, bandwidth: 0n, cur: 5n, end: 9n }),
      "qemu.domainAgentCommand": ({ cmd }) => ({ result: cmd }),
    });
    await using libvirt = await open(daemon);
    expect(await libvirt.hostname()).toBe("host-1");
    expect(await libvirt.versions()).toEqual({ libvirt: "9.0.12", hypervisor: "7.2.22" });
    const [domain] = await libvirt.listDomains({ active: true, persistent: false });
    expect(domain).toMatchObject({ name: "guest-1", uuid: ref(1).uuid, id: 1 });
    expect(await libvirt.findDomain({ uuid: ref(9).uuid })).toBeUndefined();
    expect((await libvirt.findDomain({ name: "guest-1" }))?.ref).toEqual(ref(1));
    expect(await domain?.metadata("urn:x")).toBeUndefined();
    await domain?.setMetadata({ namespace: "urn:x", prefix: "x", xml: "<a/>" }, { affect: ["config"] });
    expect(await domain?.schedulerParameters()).toEqual({ cpu_shares: 4096n, vcpu_quota: 50_000n, on: true });
    expect(await domain?.blockJob("vda")).toEqual({ type: 2, current: 5n, end: 9n });
    expect(await domain?.agentCommand({ execute: "guest-ping" }, 1)).toEqual({ execute: "guest-ping" });
    expect(asked).toEqual([
      { needResults: 1, flags: VIR.CONNECT_LIST_DOMAINS_ACTIVE | VIR.CONNECT_LIST_DOMAINS_TRANSIENT },
      {
        dom: ref(1),
        type: VIR.DOMAIN_METADATA_ELEMENT,
        metadata: "<a/>",
        key: "x",
        uri: "urn:x",
        flags: VIR.DOMAIN_AFFECT_CONFIG,
      },
    ]);
  });

  it("change a running domain, and put its memory aside", async () => {
    const asked: unknown[] = [];
    const note = (args: unknown): Readonly<Record<string, never>> => (asked.push(args), {});
    const daemon = new FakeDaemon({
      domainSetVcpusFlags: note,
      domainAttachDeviceFlags: note,
      domainDetachDeviceFlags: note,
      domainBlockResize: note,
      domainManagedSave: note,
      domainHasManagedSaveImage: () => ({ result: 1 }),
      domainManagedSaveGetXmlDesc: () => ({ xml: "<domain/>" }),
      domainManagedSaveRemove: note,
      domainPmWakeup: note,
    });
    await using libvirt = await open(daemon);
    const domain = new Domain(libvirt, ref(1));
    const dom = ref(1);
    await domain.setVcpus(3, { affect: ["live"] });
    await domain.attachDevice("<disk/>", { affect: ["live"] });
    await domain.detachDevice("<disk/>");
    await domain.resizeDisk("vda", 2n ** 40n);
    await domain.managedSave({ flags: VIR.DOMAIN_SAVE_BYPASS_CACHE });
    expect(await domain.hasManagedSave()).toBe(true);
    expect(await domain.describeManagedSave()).toBe("<domain/>");
    await domain.removeManagedSave();
    await domain.wakeUp();
    const both = VIR.DOMAIN_AFFECT_LIVE | VIR.DOMAIN_AFFECT_CONFIG;
    expect(asked).toEqual([
      { dom, nvcpus: 3, flags: VIR.DOMAIN_AFFECT_LIVE },
      { dom, xml: "<disk/>", flags: VIR.DOMAIN_AFFECT_LIVE },
      { dom, xml: "<disk/>", flags: both },
      { dom, disk: "vda", size: 2n ** 40n, flags: VIR.DOMAIN_BLOCK_RESIZE_BYTES },
      { dom, flags: VIR.DOMAIN_SAVE_BYPASS_CACHE },
      { dom, flags: 0 },
      { dom, flags: 0 },
    ]);
  });

  it("ask for every domain's state at once, or one by one where the hypervisor cannot", async () => {
    const stopped = [parameter.int("state.state", VIR.DOMAIN_SHUTOFF), parameter.int("state.reason", 1)];
    const bulk = new FakeDaemon({
      connectGetAllDomainStats: () => ({ retStats: [{ dom: ref(1), params: stopped }] }),
    });
    await using libvirt = await open(bulk);
    expect(await libvirt.domainStates()).toMatchObject([
      { domain: { name: "guest-1" }, state: { state: VIR.DOMAIN_SHUTOFF, reason: 1 } },
    ]);
    const single = new FakeDaemon({
      connectGetAllDomainStats: () => {
        throw new Refusal({ code: VIR.ERR_NO_SUPPORT, message: "not here" });
      },
      connectListAllDomains: () => ({ domains: [ref(1)], ret: 1 }),
      domainGetState: () => running,
    });
    await using container = await open(single);
    expect(await container.domainStates()).toMatchObject([{ domain: { name: "guest-1" }, state: running }]);
  });

  it("give parameters the type that libvirt insists on", () => {
    expect(parameter.uint("a", 5n)).toEqual({ field: "a", value: { type: VIR.TYPED_PARAM_UINT, value: 5 } });
    expect(parameter.ullong("a", 5)).toEqual({ field: "a", value: { type: VIR.TYPED_PARAM_ULLONG, value: 5n } });
    expect(valuesOf([parameter.string("s", "x"), parameter.boolean("b", false)])).toEqual({ s: "x", b: false });
  });
});
