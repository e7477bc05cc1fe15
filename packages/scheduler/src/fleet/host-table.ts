import { builtInResources, type HostView, type ResourceAmounts } from "@cloudhost/core/ports";
import { AmountColumns, type Shown } from "./amount-columns.ts";
import { Interned } from "./interned.ts";

/** What is known of a host beside its amounts. No claim changes it. */
export type HostFacts = Readonly<Omit<HostView, "free" | "total">>;

/** What of a host is another than before. */
export interface HostChange {
  readonly host: number;
  /** It was not there. */
  readonly isNew: boolean;
  /** What is free of it, which is all that a claim changes. */
  readonly free: boolean;
  /** Anything else. */
  readonly facts: boolean;
}

/**
 * All hosts by number. Their amounts are kept column by column, so that a rule that looks at one amount of many hosts
 * reads a row of numbers. Rules see one host at a time through {@link HostTable.show}, which gives the same object each
 * time.
 */
export class HostTable {
  readonly #numbers = new Map<string, number>();
  readonly #facts: (HostFacts | undefined)[] = [];
  readonly #unused: number[] = [];
  readonly #resources = new Set<string>();
  readonly #free = new AmountColumns();
  readonly #total = new AmountColumns();
  readonly #interned = new Interned();
  readonly #shown: Shown = { host: 0 };
  #view: HostView;

  constructor() {
    for (const resource of builtInResources) this.#learn(resource);
    this.#view = this.#rowOfHost();
  }

  /** How many hosts there are. */
  get size(): number {
    return this.#numbers.size;
  }

  /** The numbers of all hosts. */
  numbers(): Iterable<number> {
    return this.#numbers.values();
  }

  /** The number of a host for as long as it is there. */
  numberOf(id: string): number | undefined {
    return this.#numbers.get(id);
  }

  /** What a host with that number is, beside its amounts. */
  facts(host: number): HostFacts {
    return this.#facts[host]!;
  }

  /** A host as rules see it, until another is shown. Nobody can change it. */
  show(host: number): HostView {
    this.#shown.host = host;
    return this.#view;
  }

  /**
   * Takes up the resources that are named there. Rules may read each of them of every host: who does not report one has
   * 0 of it.
   * @returns whether there was a new one
   */
  learn(amounts: Readonly<ResourceAmounts>): boolean {
    const news = Object.keys(amounts).filter((resource) => !this.#resources.has(resource));
    for (const resource of news) this.#learn(resource);
    if (news.length > 0) this.#view = this.#rowOfHost();
    return news.length > 0;
  }

  /** A frozen copy with every resource, always in one order: 0 where none is named. */
  complete(amounts: Readonly<ResourceAmounts>): Readonly<ResourceAmounts> {
    const given = amounts as Readonly<Record<string, number>>;
    const all: Record<string, number> = {};
    for (const resource of this.#resources) all[resource] = Object.hasOwn(given, resource) ? given[resource]! : 0;
    return Object.freeze(all as unknown as ResourceAmounts);
  }

  /** Writes down how a host is now. */
  set(view: HostView): HostChange {
    const known = this.#numbers.get(view.id);
    const host = known ?? this.#unused.pop() ?? this.#facts.length;
    const before = known === undefined ? undefined : this.#facts[host];
    const free = this.#free.write(host, view.free);
    const total = this.#total.write(host, view.total);
    const same = before !== undefined && hasSameFacts(before, view);
    if (!same) this.#facts[host] = this.#compact(view);
    if (known === undefined) this.#numbers.set(view.id, host);
    return { host, isNew: known === undefined, free, facts: total || !same };
  }

  /** Forgets a host. @returns the number that it had */
  delete(id: string): number | undefined {
    const host = this.#numbers.get(id);
    if (host === undefined) return undefined;
    this.#numbers.delete(id);
    this.#facts[host] = undefined;
    this.#unused.push(host);
    return host;
  }

  #learn(resource: string): void {
    this.#resources.add(resource);
    this.#free.add(resource);
    this.#total.add(resource);
  }

  /** Many hosts are alike in most of this: they share one copy. */
  #compact({ free: _free, total: _total, ...facts }: HostView): HostFacts {
    return Object.freeze({
      ...facts,
      zone: this.#interned.text(facts.zone),
      architecture: this.#interned.text(facts.architecture),
      hypervisor: this.#interned.text(facts.hypervisor),
      cpuModel: this.#interned.text(facts.cpuModel),
      capabilities: this.#interned.object(facts.capabilities),
      properties: this.#interned.object(facts.properties),
    });
  }

  #rowOfHost(): HostView {
    const [facts, shown] = [this.#facts, this.#shown];
    const free = this.#free.row(shown);
    const total = this.#total.row(shown);
    return Object.freeze({
      free,
      total,
      get id() {
        return facts[shown.host]!.id;
      },
      get name() {
        return facts[shown.host]!.name;
      },
      get zone() {
        return facts[shown.host]!.zone;
      },
      get state() {
        return facts[shown.host]!.state;
      },
      get enabled() {
        return facts[shown.host]!.enabled;
      },
      get guestCores() {
        return facts[shown.host]!.guestCores;
      },
      get milliEcuPerCore() {
        return facts[shown.host]!.milliEcuPerCore;
      },
      get architecture() {
        return facts[shown.host]!.architecture;
      },
      get hypervisor() {
        return facts[shown.host]!.hypervisor;
      },
      get cpuModel() {
        return facts[shown.host]!.cpuModel;
      },
      get capabilities() {
        return facts[shown.host]!.capabilities;
      },
      get properties() {
        return facts[shown.host]!.properties;
      },
    });
  }
}

/** Field by field, each by its name: after every claim this is asked. */
function hasSameFacts(before: HostFacts, now: HostView): boolean {
  return (
    before.name === now.name &&
    before.zone === now.zone &&
    before.state === now.state &&
    before.enabled === now.enabled &&
    before.guestCores === now.guestCores &&
    before.milliEcuPerCore === now.milliEcuPerCore &&
    before.architecture === now.architecture &&
    before.hypervisor === now.hypervisor &&
    before.cpuModel === now.cpuModel &&
    isAlike(before.capabilities, now.capabilities) &&
    isAlike(before.properties, now.properties)
  );
}

/** Two small objects that say the same in the same order. */
const isAlike = (one: object, other: object): boolean => one === other || JSON.stringify(one) === JSON.stringify(other);
