import { applyNetworkChanges, emptyHostNetwork } from "@cloudhost/core/ports";
import type { GuestSpec, HostBinding, HostNetwork } from "@cloudhost/core/ports";
import { guestAfter } from "./guest-after.ts";
import type { FakeGuest } from "./guest.ts";
import { recordVersion } from "./record.ts";
import type { WorldRecord } from "./record.ts";
import { usedUntil } from "./use.ts";
import type { GuestUse } from "./use.ts";

/** All that is on a fake host. */
export interface HostState {
  readonly guests: ReadonlyMap<string, FakeGuest>;
  readonly network: HostNetwork;
  /** How many changes of its network were ever written. */
  readonly networkWrites: number;
}

/** A host as it comes from the factory. */
export const newHost: HostState = { guests: new Map(), network: emptyHostNetwork, networkWrites: 0 };

/** The record that stands for all of this. */
export const worldRecordOf = ({ guests, network, networkWrites }: HostState): WorldRecord => ({
  kind: "world",
  version: recordVersion,
  guests: [...guests.values()],
  bindings: [...network.bindings.values()],
  members: [...network.members.values()],
  networkWrites,
});

/** The world after this has happened; the one before is not touched. What is about an unknown guest changes nothing. */
export function applyRecord(state: HostState, record: WorldRecord): HostState {
  if (record.kind === "world") return stateOf(record);
  if (record.kind === "network") return withNetwork(state, record);
  const id = "spec" in record ? record.spec.id : record.guestId;
  const guests = new Map(state.guests);
  const guest = guestAfter(guests.get(id), record, (before, atMs) => useAt(state, before, atMs));
  if (guest === undefined) guests.delete(id);
  else guests.set(id, guest);
  return { ...state, guests };
}

/** What the guest has used until then. */
export function useAt({ network }: HostState, guest: FakeGuest, atMs: number): GuestUse {
  if (guest.power !== "running" || guest.cpu === null) return guest.use;
  return usedUntil(guest.use, { spec: guest.spec, cpu: guest.cpu, binding: bindingOf(network, guest.spec) }, atMs);
}

const bindingOf = ({ bindings }: HostNetwork, { nics: [nic] }: GuestSpec): HostBinding | undefined =>
  nic === undefined ? undefined : bindings.get(nic.id);

type Recorded<Kind extends WorldRecord["kind"]> = Extract<WorldRecord, { kind: Kind }>;

const stateOf = ({ guests, bindings, members, networkWrites }: Recorded<"world">): HostState => ({
  guests: new Map(guests.map((guest) => [guest.spec.id, guest])),
  network: {
    bindings: new Map(bindings.map((binding) => [binding.id, binding])),
    members: new Map(members.map((member) => [member.address, member])),
  },
  networkWrites,
});

function withNetwork(state: HostState, { atMs, changes }: Recorded<"network">): HostState {
  const network = applyNetworkChanges(state.network, changes);
  const guests = new Map(state.guests);
  for (const [id, guest] of state.guests) {
    // Use up to now is under the old bandwidths; who keeps the same bandwidths goes on counting.
    if (bindingOf(network, guest.spec) === bindingOf(state.network, guest.spec)) continue;
    guests.set(id, { ...guest, use: useAt(state, guest, atMs) });
  }
  return { guests, network, networkWrites: state.networkWrites + changes.length };
}
