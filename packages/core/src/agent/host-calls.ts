import type { z } from "zod";
import { CloudHostError } from "../errors.ts";
import { parseInput } from "../parse.ts";
import type { ComputeDriver } from "../ports/compute-driver.ts";
import type { ComputeExtensions, ExtendedComputeDriver } from "../ports/compute-extensions.ts";
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
  const able = (method: keyof ComputeExtensions): ComputeExtensions => extended(compute, method);
  return {
    "host.inventory": (_args, { signal }) => inventoryOf({ compute, network }, signal),
    "compute.define": ({ spec }, { signal }) => done(compute.define(spec, signal)),
    "compute.start": ({ guestId }, { signal }) => done(compute.start(guestId, signal)),
    "compute.stop": ({ guestId, graceMs }, { signal }) => done(compute.stop(guestId, graceMs, signal)),
    "compute.reboot": ({ guestId, graceMs }, { commandId, signal }) =>
      done(compute.reboot(guestId, commandId, graceMs, signal)),
    "compute.pause": ({ guestId }, { signal }) => done(able("pause").pause(guestId, signal)),
    "compute.unpause": ({ guestId }, { signal }) => done(able("unpause").unpause(guestId, signal)),
    "compute.suspend": ({ guestId }, { signal }) => done(able("suspend").suspend(guestId, signal)),
    "compute.change": ({ spec }, { signal }) => done(able("change").change(spec, signal)),
    "compute.layers": async ({ guestId }, { signal }) => ({
      layers: [...(await able("layers").layers(guestId, signal))],
    }),
    "compute.putLayer": ({ guestId, disk, file }, { signal }) =>
      done(able("putLayer").putLayer(guestId, disk, file, signal)),
    "compute.keepDisks": ({ guestId, keepId }, { signal }) =>
      done(able("keepDisks").keepDisks(guestId, keepId, signal)),
    "compute.restoreDisks": ({ guestId, keepId }, { signal }) =>
      done(able("restoreDisks").restoreDisks(guestId, keepId, signal)),
    "compute.dropDisks": ({ guestId, keepId }) => done(able("dropDisks").dropDisks(guestId, keepId)),
    "compute.consoleLog": async ({ guestId, mostBytes }, { signal }) => ({
      text: await able("consoleLog").consoleLog(guestId, mostBytes, signal),
    }),
    "compute.strangers": async (_args, { signal }) => ({
      strangers: await collect(able("strangers").strangers(signal)),
    }),
    "compute.adopt": ({ guest }, { signal }) => done(able("adopt").adopt(guest, signal)),
    "compute.disown": ({ guestId }, { signal }) => done(able("disown").disown(guestId, signal)),
    "compute.remove": ({ guestId }, { signal }) => done(compute.remove(guestId, signal)),
    "compute.get": async ({ guestId }, { signal }) => ({ guest: (await compute.get(guestId, signal)) ?? null }),
    "compute.list": async (_args, { signal }) => ({ guests: await collect(compute.list(signal)) }),
    "compute.freezeDisk": ({ guestId, snapshotId }, { signal }) => compute.freezeDisk(guestId, snapshotId, signal),
    "compute.releaseDisk": ({ guestId, snapshotId }) => done(compute.releaseDisk(guestId, snapshotId)),
    "images.ensure": (image, call) => images.ensure(image, transferOf(call)),
    "images.release": ({ holder, keep }) => done(images.release(holder, keep)),
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

/**
 * The driver as one that has an optional method.
 * @throws CloudHostError `UNSUPPORTED`
 */
function extended(driver: ExtendedComputeDriver, method: keyof ComputeExtensions): ComputeExtensions {
  if (typeof driver[method] === "function") return driver as ComputeExtensions;
  const details = { feature: method, by: "the compute driver" };
  throw new CloudHostError("UNSUPPORTED", `The host's compute driver cannot do it: ${method}.`, details);
}

async function done(effect: Promise<void>): Promise<Record<string, never>> {
  await effect;
  return {};
}

const transferOf = (call: CallContext): TransferOptions => ({
  signal: call.signal,
  onProgress: ({ percent }) => call.onProgress(percent),
});
