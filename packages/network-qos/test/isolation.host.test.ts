import type { HostBinding, HostNetwork, TenantMember } from "@cloudhost/core/ports";
import { sampleBinding } from "@cloudhost/conformance";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeOnHost } from "./host/describe-on-host.ts";
import { startAgent } from "./host/guest.ts";
import { record } from "./host/ledger.ts";
import { openTestHosts } from "./host/test-host.ts";
import type { Agent, Guest } from "./host/guest.ts";
import type { TestHosts } from "./host/test-host.ts";

/** Two projects, each with servers on two hosts. */
const bindings = {
  one: [sampleBinding(1), sampleBinding(2), sampleBinding(3, { tenant: 2 })],
  two: [sampleBinding(4), sampleBinding(5, { tenant: 2 })],
};

/** The network of one host, that knows where the servers of the other are. */
function networkFor(own: readonly HostBinding[], others: readonly HostBinding[], via: string): HostNetwork {
  const member = ({ address, tenant }: HostBinding, at: string | null): [string, TenantMember] => [
    address,
    { address, tenant, via: at },
  ];
  return {
    bindings: new Map(own.map((binding) => [binding.id, binding])),
    members: new Map([...own.map((each) => member(each, null)), ...others.map((each) => member(each, via))]),
  };
}

describeOnHost("servers of several projects on two hosts", () => {
  let hosts: TestHosts;
  let guests: readonly Guest[];
  let outsider: Agent;

  beforeAll(async () => {
    hosts = await openTestHosts();
    const [one, two] = [hosts.one.driver(), hosts.two.driver()];
    const update = { revision: 1, baseRevision: 0, changes: undefined };
    await one.apply({ ...update, desired: networkFor(bindings.one, bindings.two, hosts.two.address) });
    await two.apply({ ...update, desired: networkFor(bindings.two, bindings.one, hosts.one.address) });
    guests = await Promise.all([
      ...bindings.one.map((binding) => hosts.one.guest(binding)),
      ...bindings.two.map((binding) => hosts.two.guest(binding)),
    ]);
    outsider = hosts.two.use(await startAgent(hosts.two.namespace));
    const host = hosts.one.use(await startAgent(hosts.one.namespace));
    await Promise.all([outsider, host].map((agent) => agent.ask({ do: "listen", port: 5001 })));
  });

  afterAll(() => hosts[Symbol.asyncDispose]());

  const guest = (index: number): Guest => guests[index]!;

  it.for([
    ["on the same host", 0, 1],
    ["on the other host", 0, 3],
    ["from the other host", 3, 1],
  ] as const)("reach their own project's %s", async ([, from, to]) => {
    expect(await guest(from).reaches(guest(to).binding.address)).toBe(true);
  });

  it.for([
    ["on the same host", 0, 2],
    ["on the other host", 0, 4],
    ["from the other host", 4, 0],
  ] as const)("are refused by another project's %s", async ([, from, to]) => {
    expect(await guest(from).reaches(guest(to).binding.address)).toBe(false);
    record({ kind: "refusal", from: guest(from).binding.address, to: guest(to).binding.address });
  });

  it.for([
    ["their gateway", "10.98.255.1"],
    ["their host's own address", "172.20.0.1"],
    ["another host", "172.20.0.2"],
    ["the external network", "198.51.100.2"],
  ] as const)("reach no service of %s", async ([, address]) => {
    expect(await guest(0).reaches(address)).toBe(false);
    record({ kind: "refusal", from: guest(0).binding.address, to: address });
  });

  it("are not reached by a machine of the internal network that is nobody's server", async () => {
    const answer = await outsider.ask({ do: "connect", host: "10.98.0.1", port: 5001, timeoutMs: 700 });
    expect(answer).toEqual({ refused: "no answer" });
  });

  it("answer their own host", async () => {
    const host = hosts.one.use(await startAgent(hosts.one.namespace));
    const answer = await host.ask({ do: "connect", host: guest(0).binding.address, port: 5001, timeoutMs: 2000 });
    expect(answer).toEqual({ ok: true });
  });
});
