import { spawnRunner } from "../../src/run/spawn-runner.ts";

/** Runs a program and gives its output. */
export async function sh(argv: readonly [string, ...string[]], input?: string): Promise<string> {
  const result = await spawnRunner({ argv, ...(input === undefined ? {} : { input: `${input}\n` }) });
  if (result.exitCode !== 0) throw new Error(`${argv.join(" ")}: ${result.stderr}`);
  return result.stdout;
}

/** A named network namespace that goes when disposed. */
export interface Namespace extends AsyncDisposable {
  readonly name: string;
  readonly path: string;
}

let made = 0;

/** Makes a namespace that nobody else has, with its loopback up and without IPv6. */
export async function makeNamespace(kind: string): Promise<Namespace> {
  made += 1;
  const name = `chtest-${process.pid}-${kind}${made}`;
  await sh(["ip", "netns", "add", name]);
  const namespace: Namespace = {
    name,
    path: `/run/netns/${name}`,
    [Symbol.asyncDispose]: async () => void (await sh(["ip", "netns", "del", name])),
  };
  await sh(["ip", "-n", name, "link", "set", "lo", "up"]);
  return namespace;
}
