import { applyNetworkChanges, emptyHostNetwork } from "@cloudhost/core/ports";
import type { GuestSpec, HostBinding, HostNetwork, StrangerGuest } from "@cloudhost/core/ports";
import { adoptedGuest, strangerAgain } from "./adoption.ts";
import { guestAfter } from "./guest-after.ts";
import type { FakeGuest } from "./guest.ts";
import { recordVersion } from "./record.ts";
import type { WorldRecord } from "./record.ts";
import { usedUntil } from "./use.ts";
import type { GuestUse } from "./use.ts";

/** All that is on a fake host. */
export interface HostState {
  readonly guests: ReadonlyMap<string, FakeGuest>;
  /** Guests that are not the driver's, by their keys. */
  readonly strangers: ReadonlyMap<string, StrangerGuest>;
  readonly network: HostNetwork;
  /** How many changes of its network were ever written. */
  readonly networkWrites: number;
}

/** A host as it comes from the factory. */
export const newHost: HostState = {
  guests: new Map(),
  strangers: new Map(),
  network: emptyHostNetwork,
  networkWrites: 0,
};

/** The record that stands for all of this. */
export const worldRecordOf = ({ guests, strangers, network, networkWrites }: HostState): WorldRecord => ({
  kind: "world",
  version: recordVersion,
  guests: [...guests.values()],
  strangers: [...strangers.values()],
  bindings: [...network.bindings.values()],
  members: [...network.members.values()],
  networkWrites,
});

/** The world after this has happened; the one before is not touched. What is about an unknown guest changes nothing. */
export function applyRecord(state: HostState, record: WorldRecord): HostState {
  if (record.kind === "world") return stateOf(record);
  if (record.kind === "network") return withNetwork(state, record);
  if (record.kind === "stranger")
    return { ...state, strangers: withEntry(state.strangers, record.stranger.key, record.stranger) };
  if (record.kind === "adopted") return withAdopted(state, record);
  if (record.kind === "disowned") return withDisowned(state, record.guestId);
  const id = "spec" in record ? record.spec.id : record.guestId;
  const guest = guestAfter(state.guests.get(id), record, (before, atMs) => useAt(state, before, atMs));
  return { ...state, guests: withEntry(state.guests, id, guest) };
}

/** What the guest has used until then. */
export function useAt({ network }: HostState, guest: FakeGuest, atMs: number): GuestUse {
  if (guest.power !== "running" || guest.cpu === null) return guest.use;
  return usedUntil(guest.use, { spec: guest.spec, cpu: guest.cpu, binding: bindingOf(network, guest.spec) }, atMs);
}

const bindingOf = ({ bindings }: HostNetwork, { nics: [nic] }: GuestSpec): HostBinding | undefined =>
  nic === undefined ? undefined : bindings.get(nic.id);

type Recorded<Kind extends WorldRecord["kind"]> = Extract<WorldRecord, { kind: Kind }>;

const stateOf = ({ guests, strangers, bindings, members, networkWrites }: Recorded<"world">): HostState => ({
  guests: new Map(guests.map((guest) => [guest.spec.id, guest])),
  strangers: new Map(strangers.map((stranger) => [stranger.key, stranger])),
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
  return { ...state, guests, network, networkWrites: state.networkWrites + changes.length };
}

function withAdopted(state: HostState, record: Recorded<"adopted">): HostState {
  const { guest } = record;
  const stranger = state.strangers.get(guest.key);
  if (stranger === undefined) return state;
  return {
    ...state,
    guests: withEntry(state.guests, guest.id, adoptedGuest(stranger, record)),
    strangers: withEntry(state.strangers, guest.key, undefined),
  };
}

function withDisowned(state: HostState, guestId: string): HostState {
  const guest = state.guests.get(guestId);
  if (guest?.adopted === undefined) return state;
  return {
    ...state,
    guests: withEntry(state.guests, guestId, undefined),
    strangers: withEntry(state.strangers, guest.adopted.key, strangerAgain(guest.adopted, guest)),
  };
}

/** Another map with this entry, or without it. */
function withEntry<T>(entries: ReadonlyMap<string, T>, key: string, value: T | undefined): ReadonlyMap<string, T> {
  const changed = new Map(entries);
  if (value === undefined) changed.delete(key);
  else changed.set(key, value);
  return changed;
}
