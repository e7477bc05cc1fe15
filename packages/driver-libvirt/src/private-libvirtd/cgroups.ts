import { readdir, rmdir } from "node:fs/promises";
import { join } from "node:path";

const root = "/sys/fs/cgroup";
/** libvirt puts its guests' groups in this one, and leaves it there. */
const parent = "machine";

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
