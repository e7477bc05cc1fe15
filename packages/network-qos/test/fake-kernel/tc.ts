import { need } from "./refusal.ts";

interface FakeClass {
  readonly parent: string;
  rate: string;
  ceil: string;
  queue: string | undefined;
}
interface FakeU32 {
  readonly flow: string | undefined;
  readonly link: string | undefined;
  readonly keys: readonly string[];
}
interface FakeTree {
  readonly kind: string;
  readonly major: string;
  readonly classes: Map<string, FakeClass>;
  readonly filters: Map<string, FakeU32>;
}
type Bpf = ReadonlyMap<number, string>;

/** Queueing disciplines, classes and filters: `tc`. It takes just what we write, in the order a kernel asks for. */
export class FakeTc {
  readonly #trees = new Map<string, FakeTree>();
  readonly #guards = new Map<string, Map<number, string>>();
  readonly #block = new Map<number, string>();
  readonly #linkExists: (name: string) => boolean;

  constructor(linkExists: (name: string) => boolean) {
    this.#linkExists = linkExists;
  }

  /** What was on a device goes with it, and the shared block with the last that has it. */
  forget(): void {
    for (const device of this.#trees.keys()) if (!this.#linkExists(device)) this.#trees.delete(device);
    for (const device of this.#guards.keys()) if (!this.#linkExists(device)) this.#guards.delete(device);
    if (this.#guards.size === 0) this.#block.clear();
  }

  /** One line of `tc -batch`. */
  run(line: string): void {
    const [object, verb] = line.split(" ");
    const device = / dev (\S+)/.exec(line)?.[1] ?? "";
    if (!line.includes(" block ")) need(this.#linkExists(device), `Cannot find device "${device}"`);
    if (object === "qdisc") this.#qdisc(line, device);
    else if (object === "class") this.#class(line, verb, this.#tree(device));
    else if (line.includes(" bpf ")) this.#bpf(line, device);
    else this.#u32(line, verb, this.#tree(device));
  }

  /** The device or block of a line that is not there. */
  absent(line: string): string | undefined {
    const [, kind = "", name = ""] = / (dev|block) (\S+)/.exec(line) ?? [];
    if (kind === "block") return this.#guards.size === 0 ? `block "${name}"` : undefined;
    return this.#linkExists(name) ? undefined : `device "${name}"`;
  }

  /** One line of `tc -force -batch` that shows something. */
  show(line: string): string {
    const device = / dev (\S+)/.exec(line)?.[1] ?? "";
    if (line.startsWith("class")) return showClasses(this.#trees.get(device));
    if (line.includes(" block ")) return showBpf(this.#block);
    if (line.endsWith(" ingress")) return showBpf(this.#guards.get(device) ?? new Map<number, string>());
    return showU32(this.#trees.get(device));
  }

  #tree(device: string): FakeTree {
    const tree = this.#trees.get(device);
    need(tree !== undefined && tree.kind === "htb", "Parent Qdisc doesn't exists.");
    return tree;
  }

  #qdisc(line: string, device: string): void {
    if (line.endsWith(" clsact")) {
      if (!this.#guards.has(device)) this.#guards.set(device, new Map());
      return;
    }
    const [, root] = / root (?:handle (?:\w+): )?(\w+)/.exec(line) ?? [];
    const major = / handle (\w+):/.exec(line)?.[1] ?? "";
    if (root !== undefined) {
      need(this.#trees.get(device)?.kind !== root || root === "pfifo", "Change operation not supported");
      this.#trees.set(device, { kind: root, major, classes: new Map(), filters: new Map() });
      return;
    }
    const parent = this.#tree(device).classes.get(/ parent (\S+)/.exec(line)?.[1] ?? "");
    need(parent !== undefined, "Specified class not found.");
    parent.queue = major;
  }

  #class(line: string, verb: string | undefined, tree: FakeTree): void {
    const [, id = ""] = / classid (\S+)/.exec(line) ?? [];
    if (verb === "del") {
      need(tree.classes.has(id), "Specified class not found.");
      need(![...tree.filters.values()].some(({ flow }) => flow === id), "HTB class in use.");
      tree.classes.delete(id);
      return;
    }
    const [, parent = ""] = / parent (\S+)/.exec(line) ?? [];
    need(parent === `${tree.major}:` || tree.classes.has(parent), "Failed to find parent class");
    const present = tree.classes.get(id);
    need(verb === "replace" || present === undefined, "File exists");
    const [, rate = "", ceil = ""] = / rate (\d+)kbit .* ceil (\d+)kbit /.exec(line) ?? [];
    tree.classes.set(id, { parent, rate: shown(rate), ceil: shown(ceil), queue: present?.queue });
  }

  #bpf(line: string, device: string): void {
    const filters = line.includes(" block ") ? this.#block : this.#guards.get(device);
    need(filters !== undefined && this.#guards.size > 0, "Cannot find block");
    const [, priority, bytecode] = / prio (\d+) .* bytecode '([^']*)'/.exec(line) ?? [];
    const redirect = / redirect dev (\S+)/.exec(line)?.[1];
    const action =
      redirect === undefined
        ? ""
        : `\n\taction order 1: mirred (Egress Redirect to device ${redirect}) stolen\n \tindex 1 ref 1 bind 1\n`;
    const mode = line.includes(" bpf da ") ? "direct-action not_in_hw" : "not_in_hw";
    filters.set(Number(priority), `handle 0x1 ${mode} bytecode '${bytecode}'${action}`);
  }

  #u32(line: string, verb: string | undefined, tree: FakeTree): void {
    const [, handle] = / handle (\S+)/.exec(line) ?? [];
    if (verb === "del") {
      need(tree.filters.delete(handle ?? ""), "Specified filter handle not found.");
      return;
    }
    const key = handle ?? `800::${(0x800 + tree.filters.size).toString(16)}`;
    need(!tree.filters.has(key), "File exists");
    const table = /^(\w+):\w*:\w+$/.exec(key)?.[1];
    need(table === undefined || table === "800" || tree.filters.has(`${table}:`), "Specified hash table not found");
    const keys = [...line.matchAll(/match u(16|32) 0x(\w+) 0x(\w+) at (-?\d+)/g)].map(keyOf);
    tree.filters.set(key, { flow: / flowid (\S+)/.exec(line)?.[1], link: / link (\S+):/.exec(line)?.[1], keys });
  }
}

/** As the kernel keeps a match: 32 bits at a multiple of 4. */
function keyOf([, bits, value = "", mask = "", offset]: RegExpMatchArray): string {
  const at = Number(offset);
  const shift = bits === "16" && at % 4 === 0 ? 16 : 0;
  const word = (hex: string): string => ((Number.parseInt(hex, 16) << shift) >>> 0).toString(16).padStart(8, "0");
  return `  match ${word(value)}/${word(mask)} at ${at - Math.abs(at % 4)}`;
}

/** As tc prints a rate: divided by 1000 while nothing is lost, and from a million on whatever is lost. */
function shown(kbit: string): string {
  const units = ["bit", "Kbit", "Mbit", "Gbit"];
  let rate = Number(kbit) * 1000;
  let unit = 0;
  while (unit < 3 && rate >= 1000 && (rate % 1000 === 0 || rate >= 1_000_000)) {
    rate = Math.floor(rate / 1000);
    unit += 1;
  }
  return `${rate}${units[unit]}`;
}

const showClasses = (tree: FakeTree | undefined): string =>
  Array.from(tree?.classes ?? [], ([id, { parent, rate, ceil, queue }]) => {
    const place = parent.endsWith(":") ? "root" : `parent ${parent}`;
    const leaf = queue === undefined ? "" : ` leaf ${queue}:`;
    return `class htb ${id} ${place}${leaf} prio 0 rate ${rate} ceil ${ceil} burst 64Kb cburst 64Kb \n`;
  }).join("");

const showU32 = (tree: FakeTree | undefined): string =>
  Array.from(tree?.filters ?? [], ([handle, { flow, link, keys }]) => {
    const start = `filter parent ${tree?.major}: protocol all pref 1 u32 chain 0 fh ${handle}`;
    if (link !== undefined)
      return `${start} order 2048 key ht 800 bkt 0 link ${link}: not_in_hw \n  match 00000000/00000000 at 0\n    hash mask 00ff0000 at -4 \n`;
    if (flow === undefined) return `${start} ht divisor 256 \n`;
    return [`${start} order 1 key ht 1 bkt 11 *flowid ${flow} not_in_hw `, ...keys, ""].join("\n");
  }).join("");

const showBpf = (filters: Bpf): string =>
  Array.from(filters)
    .toSorted(([a], [b]) => a - b)
    .map(([priority, text]) => {
      const start = `filter protocol all pref ${priority} bpf chain 0 `;
      return `${start}\n${start}${text}\n`;
    })
    .join("");
