import type { z } from "zod";
import { parseInput } from "../parse.ts";
import type { ComputeDriver } from "../ports/compute-driver.ts";
import type { hostCommands, HostCommandKind, HostCommandResult } from "../ports/host-commands.ts";
import type { HostImages, TransferOptions } from "../ports/host-images.ts";
import { HostInventory } from "../ports/host.ts";
import type { NetworkDriver } from "../ports/network-driver.ts";
import { collect } from "./collect.ts";
import { DesiredNetwork } from "./desired-network.ts";

/** What does the work on a host. */
export interface HostParts {
  readonly compute: ComputeDriver;
  readonly network: NetworkDriver;
  readonly images: HostImages;
}

/** What a call is told beside its arguments. */
export interface CallContext {
  readonly commandId: string;
  readonly signal: AbortSignal;
  /** 0 to 100. */
  onProgress(percent: number): void;
}

type Args<Kind extends HostCommandKind> = z.output<(typeof hostCommands)[Kind]["args"]>;

/** What each kind of command does on a host. */
export type HostCalls = {
  readonly [Kind in HostCommandKind]: (args: Args<Kind>, call: CallContext) => Promise<HostCommandResult<Kind>>;
};

/**
 * The calls of a host with these parts.
 * @param onNetworkApplied told the revision each time the network driver has reached one
 */
export function hostCalls(
  { compute, network, images }: HostParts,
  onNetworkApplied: (revision: number) => void,
): HostCalls {
  const desired = new DesiredNetwork(network, onNetworkApplied);
  return {
    "host.inventory": (_args, { signal }) => inventoryOf({ compute, network }, signal),
    "compute.define": ({ spec }, { signal }) => done(compute.define(spec, signal)),
    "compute.start": ({ guestId }, { signal }) => done(compute.start(guestId, signal)),
    "compute.stop": ({ guestId, graceMs }, { signal }) => done(compute.stop(guestId, graceMs, signal)),
    "compute.reboot": ({ guestId, graceMs }, { commandId, signal }) =>
      done(compute.reboot(guestId, commandId, graceMs, signal)),
    "compute.remove": ({ guestId }, { signal }) => done(compute.remove(guestId, signal)),
    "compute.get": async ({ guestId }, { signal }) => ({ guest: (await compute.get(guestId, signal)) ?? null }),
    "compute.list": async (_args, { signal }) => ({ guests: await collect(compute.list(signal)) }),
    "compute.freezeDisk": ({ guestId, snapshotId }, { signal }) => compute.freezeDisk(guestId, snapshotId, signal),
    "compute.releaseDisk": ({ guestId, snapshotId }) => done(compute.releaseDisk(guestId, snapshotId)),
    "images.ensure": (image, call) => images.ensure(image, transferOf(call)),
    "images.release": ({ holder }) => done(images.release(holder)),
    "images.holders": async () => ({ holders: [...(await images.holders())] }),
    "images.ingest": ({ source, imageId }, call) => images.ingest(source, imageId, transferOf(call)),
    "network.apply": (page, { signal }) => desired.apply(page, signal),
  };
}

/**
 * What a host has and can do: both drivers' words put together.
 * @throws CloudHostError `INVALID_ARGUMENT` when a driver says what is no inventory
 */
export async function inventoryOf(
  { compute, network }: Pick<HostParts, "compute" | "network">,
  signal?: AbortSignal,
): Promise<HostInventory> {
  const [ofCompute, ofNetwork] = await Promise.all([compute.inventory(signal), network.inventory(signal)]);
  const inventory = {
    ...ofCompute,
    ...ofNetwork,
    milliEcu: ofCompute.guestCores * ofCompute.milliEcuPerCore,
    capabilities: { ...compute.capabilities, ...network.capabilities },
  };
  return parseInput(HostInventory, inventory, "an inventory");
}

async function done(effect: Promise<void>): Promise<Record<string, never>> {
  await effect;
  return {};
}

const transferOf = (call: CallContext): TransferOptions => ({
  signal: call.signal,
  onProgress: ({ percent }) => call.onProgress(percent),
});
