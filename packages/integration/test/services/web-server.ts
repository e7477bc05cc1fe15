import type { ActorCloud } from "@cloudhost/core";
import { olga } from "@cloudhost/testing";
import type { TestCloud } from "@cloudhost/testing";
import { expect } from "vitest";
import { all } from "./all.ts";

/** What most servers of these tests are asked for with. */
export const web = { name: "web-1", flavor: "c1.e1", image: "debian-12" } as const;

/** A server, once it runs. */
export const created = async (album: ActorCloud, more: Partial<Parameters<ActorCloud["servers"]["create"]>[0]> = {}) =>
  (await album.servers.create({ ...web, ...more })).result();

/** What is claimed, by resource, and how many servers claim it; that it adds up is checked on the way. */
export async function claimed(cloud: TestCloud): Promise<Record<string, number>> {
  const { servers, vcpus, resources } = await cloud.as(olga).statistics.now();
  const hosts = await all(cloud.as(olga).hosts.list());
  for (const [name, { total, used, available }] of Object.entries(resources)) {
    expect(total).toBe(used + available);
    expect(hosts.reduce((sum, host) => sum + (host.resources[name]?.used ?? 0), 0)).toBe(used);
    expect(hosts.reduce((sum, host) => sum + (host.resources[name]?.total ?? 0), 0)).toBe(total);
  }
  return { servers, vcpus, ...Object.fromEntries(Object.entries(resources).map(([name, { used }]) => [name, used])) };
}
/** What {@link claimed} gives when nothing is. */
export const nothingClaimed = {
  servers: 0,
  vcpus: 0,
  milliEcu: 0,
  memoryMib: 0,
  diskGib: 0,
  internalKbit: 0,
  externalKbit: 0,
};
