import { CloudHostError } from "@cloudhost/core";
import { outputOf } from "./programs.ts";

/** Two links that lead nowhere, in the place of a host's network cards. */
export interface Uplinks extends AsyncDisposable {
  readonly internal: string;
  readonly external: string;
}

const names = { internal: "chq-int", external: "chq-ext" };

/** A link that leads nowhere: a dummy, and where the kernel has none, a cable whose other end nobody holds. */
const kinds = [() => ["dummy"], (name: string) => ["veth", "peer", "name", `${name}-far`]] as const;

/** Makes the links, those of a run that was killed anew; they are gone when disposed of. */
export async function addUplinks(): Promise<Uplinks> {
  await removeUplinks();
  for (const name of Object.values(names)) {
    await addLink(name);
    await outputOf("ip", "link", "set", "dev", name, "up");
  }
  return { ...names, [Symbol.asyncDispose]: removeUplinks };
}

async function addLink(name: string): Promise<void> {
  const [first, second] = kinds;
  try {
    await outputOf("ip", "link", "add", "name", name, "type", ...first());
  } catch (error) {
    if (!(error instanceof CloudHostError) || error.code !== "HOST_UNAVAILABLE") throw error;
    await outputOf("ip", "link", "add", "name", name, "type", ...second(name));
  }
}

async function removeUplinks(): Promise<void> {
  const present = await outputOf("ip", "-o", "link", "show");
  for (const name of Object.values(names)) {
    if (new RegExp(` ${name}[:@]`).test(present)) await outputOf("ip", "link", "delete", "dev", name);
  }
}
