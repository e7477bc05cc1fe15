import { describe, expect, it } from "vitest";

/** What is driven from outside, by its path as they do. */
interface Adapter {
  readonly create: (hosts: readonly object[]) => {
    place(request: object): { readonly host: string; readonly handle: object } | null;
    release(handle: object): void;
  };
}
const { create } = (await import(new URL("../../bench/scheduler-adapter.mjs", import.meta.url).href)) as Adapter;

const total = { milliEcu: 16_000, memoryMib: 8192, diskGib: 100, internalKbit: 1_000_000, externalKbit: 100_000 };
const host = (id: string, zone: string) => ({ id, zone, guestCores: 4, milliEcuPerCore: 4000, total, free: total });
const need = { milliEcu: 4000, memoryMib: 4096, diskGib: 10, internalKbit: 8000, externalKbit: 0 };
const request = (id: number, more: object = {}) => ({ id: `vm-${id}`, vcpus: 2, need, ...more });

describe("the scheduler's adapter", () => {
  it("fills hosts and not more, and takes back what is released", () => {
    const adapter = create([host("a", "az-1"), host("b", "az-2")]);
    // Two of them fill a host's memory.
    const placed = [1, 2, 3, 4].map((id) => adapter.place(request(id)));
    expect(placed.filter((one) => one?.host === "a")).toHaveLength(2);
    expect(placed.filter((one) => one?.host === "b")).toHaveLength(2);
    expect(adapter.place(request(5))).toBeNull();
    const [first] = placed;
    if (first === null || first === undefined) throw new Error("not placed");
    adapter.release(first.handle);
    expect(adapter.place(request(6))?.host).toBe(first.host);
    expect(adapter.place(request(7))).toBeNull();
  });

  it("keeps to a zone that is asked for, and to what a core can give", () => {
    const adapter = create([host("a", "az-1"), host("b", "az-2")]);
    expect(adapter.place(request(1, { zone: "az-2", projectId: "album" }))?.host).toBe("b");
    expect(adapter.place(request(2, { zone: "az-3" }))).toBeNull();
    expect(adapter.place(request(3, { vcpus: 1, need: { ...need, milliEcu: 5000 } }))).toBeNull();
  });
});
