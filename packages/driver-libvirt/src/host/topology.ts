import { XmlNode } from "../xml/parse.ts";

/** A physical core: the hardware threads that share it, by their number in the kernel. */
export interface Core {
  readonly threads: readonly number[];
}

/** What libvirt's capabilities tell of a host's processors. */
export interface HostTopology {
  readonly architecture: string;
  /** As libvirt names it, which is a family rather than a model. */
  readonly cpuFamily: string;
  /** In the order of their first thread. */
  readonly cores: readonly Core[];
  /** Kinds of guests for the host's own architecture: `qemu`, `kvm`, `lxc`. */
  readonly guestTypes: readonly string[];
}

/** Reads libvirt's capabilities XML. Two threads are of one core when socket, die and core agree. */
export function parseTopology(capabilities: string): HostTopology {
  const root = XmlNode.parse(capabilities).one("capabilities");
  const architecture = root.one("host", "cpu", "arch").text ?? "unknown";
  const cells = root.all("host", "topology", "cells", "cell");
  const threads = new Map<string, number[]>();
  for (const [node, cell] of cells.entries()) {
    for (const cpu of cell.all("cpus", "cpu")) {
      const at = ["socket_id", "die_id", "core_id"].map((name) => cpu.attribute(name) ?? "0");
      // Core ids are unique within a socket; the cell is part of the key only where the kernel tells no socket.
      const key = [cpu.attribute("socket_id") === undefined ? node : "", ...at].join("/");
      threads.set(key, [...(threads.get(key) ?? []), Number(cpu.attribute("id"))]);
    }
  }
  const cores = [...threads.values()].map((of) => ({ threads: of.toSorted((a, b) => a - b) }));
  const own = root.all("guest", "arch").filter((arch) => arch.attribute("name") === architecture);
  return {
    architecture,
    cpuFamily: root.one("host", "cpu", "model").text ?? architecture,
    cores: cores.toSorted((a, b) => (a.threads[0] ?? 0) - (b.threads[0] ?? 0)),
    guestTypes: own.flatMap((arch) => arch.all("domain")).map((domain) => domain.attribute("type") ?? ""),
  };
}

/** Who runs where. Threads are written as the kernel writes sets of CPUs: `0-1,16`. */
export interface CoreSplit {
  readonly guestCores: number;
  /** Where vCPUs run. */
  readonly guestSet: string;
  /** Where the host itself and QEMU's own threads run; all of them where nothing is reserved. */
  readonly hostSet: string;
}

/** Keeps the first cores for the host, each with all its threads: the kernel's own work prefers CPU 0. */
export function splitCores(cores: readonly Core[], reserved: number): CoreSplit {
  const guests = cores.slice(reserved);
  const host = reserved === 0 ? cores : cores.slice(0, reserved);
  return { guestCores: guests.length, guestSet: cpuSet(guests), hostSet: cpuSet(host) };
}

function cpuSet(cores: readonly Core[]): string {
  const threads = cores.flatMap((core) => core.threads).toSorted((a, b) => a - b);
  const ranges: [first: number, last: number][] = [];
  for (const thread of threads) {
    const range = ranges.at(-1);
    if (range !== undefined && range[1] === thread - 1) range[1] = thread;
    else ranges.push([thread, thread]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
}
