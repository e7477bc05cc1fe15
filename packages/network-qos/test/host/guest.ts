import { join } from "node:path";
import type { HostBinding } from "@cloudhost/core/ports";
import { startChild } from "./child.ts";
import type { Child } from "./child.ts";
import type { GuestAnswer, GuestRequest } from "./guest-agent.ts";
import { makeNamespace, sh } from "./namespaces.ts";

/** A program in a namespace that listens and connects. */
export interface Agent extends AsyncDisposable {
  ask(request: GuestRequest): Promise<GuestAnswer>;
}

/** A guest: a namespace whose `eth0` is the other end of a binding's tap, and a program in it. */
export interface Guest extends Agent {
  readonly binding: HostBinding;
  /** Whether a connection to the other's port 5001 comes about within 700 ms. */
  reaches(address: string, port?: number): Promise<boolean>;
}

/** Boots a guest on a host's namespace. It listens on port 5001 and pours nowhere. */
export async function startGuest(hostNamespace: string, binding: HostBinding): Promise<Guest> {
  await using opening = new AsyncDisposableStack();
  const namespace = opening.use(await makeNamespace("g"));
  const { path, name } = namespace;
  const wire = ["perl", join(import.meta.dirname, "tap-wire.pl"), "wire", binding.tap, path];
  opening.use(await startChild("ip", "netns", "exec", hostNamespace, ...wire));
  const { mac, address, prefixLength, gateway } = binding;
  const lines = [
    `link set dev eth0 address ${mac}`,
    `address add ${address}/${prefixLength} dev eth0`,
    "link set dev eth0 up",
    `route add default via ${gateway}`,
  ];
  await sh(["ip", "-n", name, "-batch", "-"], lines.join("\n"));
  const agent = opening.use(await startAgent(name));
  await agent.ask({ do: "listen", port: 5001 });
  const all = opening.move();
  return {
    binding,
    ask: (request) => agent.ask(request),
    reaches: async (host, port = 5001) => "ok" in (await agent.ask({ do: "connect", host, port, timeoutMs: 700 })),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** Starts the program in a namespace. */
export async function startAgent(namespace: string): Promise<Agent> {
  const script = join(import.meta.dirname, "guest-agent.ts");
  const child = await startChild("ip", "netns", "exec", namespace, process.execPath, script);
  return { ask: asker(child), [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}

/** A tap held open, frame by frame. */
export interface Tap extends AsyncDisposable {
  send(frame: Uint8Array): void;
  /** Whether a frame with these bytes (latin1) has come. */
  heard(bytes: string): boolean;
}

/** Opens a tap as a hypervisor does. */
export async function openTap(hostNamespace: string, tap: string): Promise<Tap> {
  const wire = ["perl", join(import.meta.dirname, "tap-wire.pl"), "frames", tap];
  const child = await startChild("ip", "netns", "exec", hostNamespace, ...wire);
  const frames: string[] = [];
  child.onLine((line) => frames.push(Buffer.from(line, "hex").toString("latin1")));
  return {
    send: (frame) => child.write(Buffer.from(frame).toString("hex")),
    heard: (bytes) => frames.some((frame) => frame.includes(bytes)),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

/** Sends requests and gives each its answer. */
function asker(agent: Child): Guest["ask"] {
  const waiting = new Map<number, (answer: GuestAnswer) => void>();
  let last = 0;
  agent.onLine((line) => {
    const { id, ...answer } = JSON.parse(line) as GuestAnswer & { id: number };
    waiting.get(id)?.(answer);
    waiting.delete(id);
  });
  return (request) =>
    new Promise((resolve) => {
      last += 1;
      waiting.set(last, resolve);
      agent.write(JSON.stringify({ id: last, ...request }));
    });
}
