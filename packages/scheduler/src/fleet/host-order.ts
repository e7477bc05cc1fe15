import { widened } from "./widened.ts";

/** Nobody is at this position. */
export const empty = -1;

/** How many positions there are at first. */
const firstLength = 256;
/** The part of the positions at which hashes look first; the others are room for those that crowd at the end. */
const homes = 7 / 8;
/** Fuller than this, places are far from where they are looked for. */
const fullest = 0.8;

/**
 * Hosts in the order of their ids' hashes, with gaps: positions of a table with open addressing, in which each host
 * stands at or a little behind the place that its hash names, and never before one of a smaller hash. So a host comes or
 * goes by moving a few neighbours, and the first host from a hash on is found at once.
 */
export class HostOrder {
  /** Numbers of hosts, by position. */
  #hosts = new Int32Array(firstLength).fill(empty);
  /** Positions, by number. */
  #positions = new Int32Array(0);
  readonly #hashes: number[] = [];
  readonly #ids: string[] = [];
  #count = 0;

  /** How many positions there are. */
  get length(): number {
    return this.#hosts.length;
  }

  /** The number of the host at a position, or {@link empty}. */
  at(position: number): number {
    return this.#hosts[position]!;
  }

  hashOf(host: number): number {
    return this.#hashes[host]!;
  }

  positionOf(host: number): number {
    return this.#positions[host]!;
  }

  /**
   * Takes a host in.
   * @param moved is told of each position that has another host now
   * @returns false when all positions are others than before, since there are more of them
   */
  add(host: number, id: string, hash: number, moved: (position: number) => void): boolean {
    this.#hashes[host] = hash;
    this.#ids[host] = id;
    this.#count += 1;
    if (host >= this.#positions.length) this.#positions = widened(this.#positions, host + 1);
    if (this.#count <= fullest * homes * this.length && this.#place(host, moved)) return true;
    this.#widen(host);
    return false;
  }

  /** Lets a host go. */
  delete(host: number, moved: (position: number) => void): void {
    this.#count -= 1;
    let position = this.#positions[host]!;
    for (;;) {
      const next = position + 1 < this.length ? this.#hosts[position + 1]! : empty;
      const stays = next === empty || this.#homeOf(next) > position;
      this.#put(stays ? empty : next, position, moved);
      if (stays) return;
      position += 1;
    }
  }

  /** The position of the first host whose hash is this one or larger; the length if there is none. */
  firstFrom(hash: number): number {
    let position = this.#home(hash);
    while (position < this.length) {
      const host = this.#hosts[position]!;
      if (host === empty || this.#hashes[host]! >= hash) return position;
      position += 1;
    }
    return position;
  }

  /** Puts it before the first of a larger hash, each of whose followers moves on by one. False if there is no room. */
  #place(host: number, moved: (position: number) => void): boolean {
    let position = this.#homeOf(host);
    while (position < this.length && this.#hosts[position] !== empty && this.#isBefore(this.#hosts[position]!, host)) {
      position += 1;
    }
    const end = this.#hosts.indexOf(empty, position);
    if (position >= this.length || end === empty) return false;
    for (let to = end; to > position; to -= 1) this.#put(this.#hosts[to - 1]!, to, moved);
    this.#put(host, position, moved);
    return true;
  }

  #put(host: number, position: number, moved: (position: number) => void): void {
    this.#hosts[position] = host;
    if (host !== empty) this.#positions[host] = position;
    moved(position);
  }

  /** Twice as many positions, and again while hosts crowd at the end. */
  #widen(newcomer: number): void {
    const hosts = [newcomer, ...this.#hosts.filter((host) => host !== empty)];
    hosts.sort((a, b) => (this.#isBefore(a, b) ? -1 : 1));
    do this.#hosts = new Int32Array(2 * this.length).fill(empty);
    while (!hosts.every((host) => this.#place(host, () => {})));
  }

  #isBefore(a: number, b: number): boolean {
    const [hashA, hashB] = [this.#hashes[a]!, this.#hashes[b]!];
    return hashA !== hashB ? hashA < hashB : this.#ids[a]! < this.#ids[b]!;
  }

  #homeOf(host: number): number {
    return this.#home(this.#hashes[host]!);
  }

  #home(hash: number): number {
    return Math.floor((hash / 2 ** 32) * homes * this.length);
  }
}
