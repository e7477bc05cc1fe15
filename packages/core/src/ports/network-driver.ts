import { z } from "zod";
import { idOf } from "../ids.ts";
import { GuestNic } from "./guest.ts";
import type { NetworkInventory } from "./host.ts";

const kbit = z.int().min(1);

/** What a server may send and receive on one network, each direction apart. */
export const Bandwidth = z
  .strictObject({
    /** Guaranteed, in kbit/s. */
    rateKbit: kbit,
    /** What it may reach while others leave room, in kbit/s; at least the rate. */
    ceilKbit: kbit,
  })
  .refine(({ rateKbit, ceilKbit }) => ceilKbit >= rateKbit, "the ceil is below the rate");
export type Bandwidth = z.infer<typeof Bandwidth>;

/** A project's mark on packets: 1 to 65535; servers of one mark reach each other freely. */
const tenant = z.int().min(1).max(0xffff);

/** One server's interface on this host. */
export const HostBinding = z.strictObject({
  ...GuestNic.shape,
  serverId: idOf("srv"),
  tenant,
  /** Minor number of its HTB classes, unique on the host: 0x10 to 0xffff. */
  classId: z.int().min(0x10).max(0xffff),
  internal: Bandwidth,
  /** `null`: it bought none, and reaches no external network. */
  external: Bandwidth.nullable(),
});
export type HostBinding = z.infer<typeof HostBinding>;

/** A fixed address of a project that has a server on this host, wherever that address is. */
export const TenantMember = z.strictObject({
  address: z.ipv4(),
  tenant,
  /** Internal address of the host that has it; `null` when it is this host. */
  via: z.ipv4().nullable(),
});
export type TenantMember = z.infer<typeof TenantMember>;

/** One change of a host's desired network; the key of a binding is its id, of a member its address. */
export const NetworkChange = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("binding"), binding: HostBinding }),
  z.strictObject({ kind: z.literal("noBinding"), nicId: idOf("nic") }),
  z.strictObject({ kind: z.literal("member"), member: TenantMember }),
  z.strictObject({ kind: z.literal("noMember"), address: z.ipv4() }),
]);
export type NetworkChange = z.infer<typeof NetworkChange>;

/** All that a host's network shall be. Nothing of ours that is not in it may be there. */
export interface HostNetwork {
  readonly bindings: ReadonlyMap<string, HostBinding>;
  readonly members: ReadonlyMap<string, TenantMember>;
}

/** The desired network at a revision, and what leads to it from an earlier one. */
export interface NetworkUpdate {
  readonly revision: number;
  readonly desired: HostNetwork;
  /**
   * What changed since `baseRevision`: a driver that applied just that one may do only this. `undefined`: unknown.
   */
  readonly baseRevision: number;
  readonly changes: readonly NetworkChange[] | undefined;
}

/** An interface of ours that is there, as the driver reads it back from the system. */
export interface PresentBinding {
  readonly tap: string;
  readonly classId: number | undefined;
}

/**
 * Does a host's networking: taps, tenant isolation, bandwidth. One instance a host. Level-triggered: it gets the whole
 * desired state, reads what is there and writes the difference, so that a second apply of the same writes nothing.
 * There is no attach or detach, because one new server changes the isolation sets of every host of its project.
 * It keeps no state of its own between processes. Prove an implementation with `describeNetworkDriver`.
 *
 * @throws CloudHostError `HOST_UNAVAILABLE`, `DEPENDENCY_MISSING`, `UNSUPPORTED`, `CANCELLED`
 */
export interface NetworkDriver extends AsyncDisposable {
  readonly capabilities: NetworkCapabilities;
  /** What the uplinks offer guests, the reserve taken off. */
  inventory(signal?: AbortSignal): Promise<NetworkInventory>;
  /** Brings the host to the desired state; when it resolves, all of it holds. May be repeated. */
  apply(update: NetworkUpdate, signal?: AbortSignal): Promise<void>;
  /** The interfaces of ours that are there: the truth. */
  list(signal?: AbortSignal): AsyncIterable<PresentBinding>;
  /** Called once after the host or the agent came back, before anything else. */
  recover(signal?: AbortSignal): Promise<void>;
}

/** What the host's kernel and tools can do. */
export interface NetworkCapabilities {
  /** Rates and ceils are enforced. When `false`, hosts report no bandwidth and servers that buy some go elsewhere. */
  readonly shaping: boolean;
  /** Projects are kept apart. */
  readonly isolation: boolean;
}

/** An empty network. */
export const emptyHostNetwork: HostNetwork = { bindings: new Map(), members: new Map() };

/** The network after these changes; neither argument is touched. */
export function applyNetworkChanges(network: HostNetwork, changes: readonly NetworkChange[]): HostNetwork {
  const bindings = new Map(network.bindings);
  const members = new Map(network.members);
  for (const change of changes) {
    switch (change.kind) {
      case "binding":
        bindings.set(change.binding.id, change.binding);
        break;
      case "noBinding":
        bindings.delete(change.nicId);
        break;
      case "member":
        members.set(change.member.address, change.member);
        break;
      case "noMember":
        members.delete(change.address);
        break;
    }
  }
  return { bindings, members };
}
