import { readFile } from "node:fs/promises";
import { basename } from "node:path";

/** A kernel module's file. */
export interface KernelModule {
  readonly name: string;
  readonly content: Buffer;
}

/**
 * The modules that these need, themselves included, each after those that it depends on. What a module depends on
 * stands in the module itself; the list that `depmod` makes is not part of the package.
 *
 * @param files every module's path
 */
export async function modulesInOrder(names: readonly string[], files: readonly string[]): Promise<KernelModule[]> {
  const paths = new Map(files.map((path) => [nameOf(path), path]));
  const ordered = new Map<string, KernelModule>();
  const add = async (name: string): Promise<void> => {
    if (ordered.has(name)) return;
    const path = paths.get(name);
    if (path === undefined) throw new Error(`the kernel's package has no module ${name}`);
    const content = await readFile(path);
    for (const needed of dependenciesOf(content)) await add(needed);
    ordered.set(name, { name, content });
  };
  for (const name of names) await add(name);
  return [...ordered.values()];
}

/** Module names have an underscore wherever their files may have a hyphen. */
const nameOf = (path: string): string => basename(path, ".ko").replaceAll("-", "_");

function dependenciesOf(module: Buffer): string[] {
  const at = module.indexOf("\0depends=");
  if (at < 0) return [];
  const list = module.toString("latin1", at + "\0depends=".length, module.indexOf(0, at + 1));
  return list.split(",").filter((name) => name !== "");
}
