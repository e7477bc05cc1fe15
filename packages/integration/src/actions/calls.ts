import type { ActorCloud, OperationHandle, ServerActionName } from "@cloudhost/core";
import { flavorNames } from "./model.ts";
import { pickOf } from "./plan.ts";

/** What an action is asked for with. */
export interface CallContext {
  readonly cloud: ActorCloud;
  readonly server: string;
  /** 0 to 1: picks what the action leaves open. */
  readonly detail: number;
  /** Ids of its data disks. */
  readonly dataDisks: readonly string[];
  /** Its fixed addresses, the first one first. */
  readonly addresses: readonly string[];
}

/** What was asked for: an operation to wait for, or nothing more. */
export type Called = OperationHandle<unknown> | undefined;

const aside = async (done: Promise<unknown>): Promise<undefined> => {
  await done;
  return undefined;
};

/** How long a deleted server can be restored, in milliseconds: longer than any run. */
const restoreMs = 2_000_000_000;

/** How each action is asked for. The type asks for every line of the table of actions. */
export const calls: Readonly<Record<ServerActionName, (context: CallContext) => Promise<Called>>> = {
  start: ({ cloud, server }) => cloud.servers.start(server),
  stop: ({ cloud, server, detail }) => cloud.servers.stop(server, { graceMs: detail < 0.5 ? 0 : 1000 }),
  reboot: ({ cloud, server }) => cloud.servers.reboot(server, { graceMs: 1000 }),
  hardReboot: ({ cloud, server }) => cloud.servers.reboot(server, { hard: true }),
  pause: ({ cloud, server }) => cloud.servers.pause(server),
  unpause: ({ cloud, server }) => cloud.servers.unpause(server),
  suspend: ({ cloud, server }) => cloud.servers.suspend(server),
  resume: ({ cloud, server }) => cloud.servers.resume(server),
  rebuild: ({ cloud, server }) => cloud.servers.rebuild(server, { image: "base", graceMs: 0 }),
  rescue: ({ cloud, server }) => cloud.servers.rescue(server, { graceMs: 0 }),
  unrescue: ({ cloud, server }) => cloud.servers.unrescue(server, { graceMs: 0 }),
  resize: ({ cloud, server, detail }) => cloud.servers.resize(server, { flavor: pickOf(detail, flavorNames) }),
  confirmResize: ({ cloud, server }) => cloud.servers.confirmResize(server),
  revertResize: ({ cloud, server }) => cloud.servers.revertResize(server),
  migrate: ({ cloud, server }) => cloud.servers.migrate(server),
  evacuate: ({ cloud, server }) => cloud.servers.evacuate(server),
  shelve: ({ cloud, server, detail }) => cloud.servers.shelve(server, { graceMs: detail < 0.5 ? 0 : 1000 }),
  unshelve: ({ cloud, server }) => cloud.servers.unshelve(server),
  createDisk: ({ cloud, server }) => cloud.servers.createDisk(server, { sizeGib: 1 }),
  deleteDisk: ({ cloud, server, detail, dataDisks }) =>
    cloud.servers.deleteDisk(server, dataDisks.length === 0 ? "none" : pickOf(detail, dataDisks)),
  attachInterface: ({ cloud, server }) => cloud.servers.attachInterface(server),
  detachInterface: ({ cloud, server, addresses }) => cloud.servers.detachInterface(server, addresses[1] ?? "none"),
  snapshot: ({ cloud, server }) => cloud.images.snapshot(server, { name: "snapshot" }),
  delete: ({ cloud, server, detail }) => cloud.servers.delete(server, { restoreMs: detail < 0.5 ? 0 : restoreMs }),
  restore: ({ cloud, server }) => cloud.servers.restore(server),
  update: ({ cloud, server, detail }) =>
    aside(cloud.servers.update(server, { name: `renamed-${Math.floor(detail * 99)}` })),
  lock: ({ cloud, server }) => aside(cloud.servers.lock(server)),
  unlock: ({ cloud, server }) => aside(cloud.servers.unlock(server)),
  console: ({ cloud, server }) => aside(cloud.servers.console(server, { mostBytes: 100 })),
};
