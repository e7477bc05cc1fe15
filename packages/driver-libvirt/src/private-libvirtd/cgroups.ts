import { readdir, readFile, rmdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@cloudhost/core/ports";

const root = "/sys/fs/cgroup";
/** libvirt puts its guests' groups in this one, and leaves it there. */
const parent = "machine";
/** How long a group may take to become empty. */
const emptyMs = 5000;
const pollMs = 20;

/** The groups for guests that there are, in every hierarchy. */
export async function machineGroups(): Promise<ReadonlySet<string>> {
  const hierarchies = await readdir(root).catch(() => []);
  const found = new Set<string>();
  for (const path of [join(root, parent), ...hierarchies.map((name) => join(root, name, parent))]) {
    const there = await readdir(path).then(
      () => true,
      () => false,
    );
    if (there) found.add(path);
  }
  return found;
}

/** Removes the groups that were not there before, as far as they are empty. */
export async function removeNewGroups(before: ReadonlySet<string>): Promise<void> {
  for (const path of await machineGroups()) if (!before.has(path)) await rmdir(path).catch(() => {});
}

/**
 * Where libvirt put a guest, in every hierarchy, from what the kernel says of its process. Pure.
 * @param membership the text of `/proc/PID/cgroup`
 */
export function guestGroups(membership: string): string[] {
  const found = membership.split("\n").flatMap((line) => {
    const [, controllers = "", path = ""] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    const group = /^(.*\/machine\/[^/]+\.libvirt-qemu)(\/|$)/.exec(path)?.[1];
    if (group === undefined) return [];
    // Version 2 has no controllers here, and lies at the root, or beside version 1 in a folder of its own.
    if (controllers === "") return [join(root, group), join(root, "unified", group)];
    return [join(root, controllers.replace("name=", ""), group)];
  });
  return [...new Set(found)];
}

/** The groups of a process's guest, as long as it runs. */
export const groupsOfProcess = async (pid: number): Promise<string[]> =>
  guestGroups(await readFile(join("/proc", String(pid), "cgroup"), "utf8").catch(() => ""));

/**
 * Removes groups with those in them. libvirt does that for a guest that it ended itself. A process is gone before the
 * kernel has taken the last of its threads out of its groups: that is waited for.
 */
export async function removeGroups(groups: readonly string[], clock: Clock): Promise<void> {
  for (const group of groups) {
    const inside = await readdir(group, { withFileTypes: true }).catch(() => []);
    await removeGroups(
      inside.filter((entry) => entry.isDirectory()).map(({ name }) => join(group, name)),
      clock,
    );
    const untilMs = clock.nowMs() + emptyMs;
    while ((await isBusy(group)) && clock.nowMs() < untilMs) await clock.sleep(pollMs);
  }
}

/** Removes a group; whether somebody is in it still. */
const isBusy = (group: string): Promise<boolean> =>
  rmdir(group).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === "EBUSY",
  );
