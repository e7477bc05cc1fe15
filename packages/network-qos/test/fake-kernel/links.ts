import { need } from "./refusal.ts";

interface FakeLink {
  readonly kind: string;
  mac: string;
  up: boolean;
  master: string | undefined;
  alias: string;
  group: string;
  isolated: boolean;
  readonly addresses: Set<string>;
}

/** Links, addresses and routes: `ip`. */
export class FakeLinks {
  readonly links = new Map<string, FakeLink>();
  readonly routes = new Map<string, { readonly via: string; readonly dev: string }>();

  constructor() {
    for (const uplink of ["eth0", "eth1"]) this.#add(uplink, "veth");
  }

  /** One line of `ip -batch`. */
  run(line: string): void {
    const words = line.split(" ");
    const after = (word: string): string | undefined =>
      words.includes(word) ? words[words.indexOf(word) + 1] : undefined;
    const [object, verb] = words;
    const dev = after("dev") ?? "";
    if (object === "route") return this.#route(verb, words[2] ?? "", { via: after("via") ?? "", dev });
    if (object === "address") return this.#address(verb, dev, words[2] ?? "");
    if (object === "tuntap") return this.#add(dev, "tun");
    if (verb === "add") return this.#add(after("name") ?? "", after("type") ?? "", after("address"));
    if (verb === "del") return this.#delete(after("group"), dev);
    const link = this.#get(dev);
    if (words.includes("bridge_slave")) {
      need(link.master !== undefined, "Operation not supported");
      link.isolated = after("isolated") === "on";
      return;
    }
    const master = after("master");
    if (master !== undefined) need(this.#get(master).kind === "bridge", "Operation not supported");
    link.master = master ?? link.master;
    link.alias = after("alias") ?? link.alias;
    link.group = after("group") ?? link.group;
    link.mac = after("address") ?? link.mac;
    if (words.at(-1) === "up") link.up = true;
  }

  /** `ip -j -d address show`, in the shape of iproute2 6.1; one entry is empty, as for links of other namespaces. */
  showLinks(): string {
    const shown = Array.from(this.links, ([ifname, link], index) => ({
      ifindex: index + 1,
      ifname,
      flags: ["BROADCAST", "MULTICAST", ...(link.up ? ["UP", "LOWER_UP"] : [])],
      mtu: 1500,
      ...(link.master === undefined ? {} : { master: link.master }),
      group: link.group,
      link_type: "ether",
      address: link.mac,
      linkinfo: {
        info_kind: link.kind,
        ...(link.master === undefined
          ? {}
          : { info_slave_kind: "bridge", info_slave_data: { state: "forwarding", isolated: link.isolated } }),
      },
      ...(link.alias === "" ? {} : { ifalias: link.alias }),
      addr_info: Array.from(link.addresses, (address) => ({
        family: "inet",
        local: address.split("/")[0],
        prefixlen: Number(address.split("/")[1]),
        scope: "global",
      })),
    }));
    return JSON.stringify([{}, ...shown]);
  }

  /** `ip -j -4 route show proto 199`. */
  showRoutes(): string {
    return JSON.stringify(
      Array.from(this.routes, ([dst, { via, dev }]) => ({ dst, gateway: via, dev, protocol: "199", flags: [] })),
    );
  }

  #get(name: string): FakeLink {
    const link = this.links.get(name);
    need(link !== undefined, `Cannot find device "${name}"`);
    return link;
  }

  #add(name: string, kind: string, mac = "0e:00:00:00:00:01"): void {
    need(!this.links.has(name), "File exists");
    this.links.set(name, {
      kind,
      mac,
      up: false,
      master: undefined,
      alias: "",
      group: "default",
      isolated: false,
      addresses: new Set(),
    });
  }

  #delete(group: string | undefined, dev: string): void {
    const names =
      group === undefined ? [dev] : [...this.links.keys()].filter((name) => this.#get(name).group === group);
    for (const name of names) {
      this.#get(name);
      this.links.delete(name);
      for (const link of this.links.values()) if (link.master === name) link.master = undefined;
    }
  }

  #address(verb: string | undefined, dev: string, address: string): void {
    const { addresses } = this.#get(dev);
    need(
      addresses.has(address) === (verb === "del"),
      verb === "del" ? "Cannot assign requested address" : "File exists",
    );
    if (verb === "del") addresses.delete(address);
    else addresses.add(address);
  }

  #route(verb: string | undefined, address: string, way: { readonly via: string; readonly dev: string }): void {
    if (verb === "del") need(this.routes.delete(address), "No such process");
    else this.routes.set(address, way);
  }
}
