import { createHash, randomFillSync } from "node:crypto";
import { z } from "zod";
import type { Clock } from "./ports/clock.ts";

/** What an id is of: its prefix. Ids are UUIDv7 in lowercase Crockford base32 behind it (`srv_06f3…`), 26 characters. */
export const idPrefixes = {
  agg: "an aggregate of hosts",
  cmd: "a command to a host",
  dsk: "a data disk",
  dlv: "a delivery of a webhook",
  evt: "an event",
  flv: "a flavor",
  grp: "a server group",
  hst: "a host",
  img: "an image",
  key: "a keypair",
  log: "a line of the operation log",
  net: "a network",
  nic: "a binding of a server to a network",
  op: "an operation",
  own: "a process that holds leases",
  prj: "a project",
  qrq: "a request for quota",
  snp: "a frozen disk",
  srv: "a server",
  whk: "a webhook",
} as const;

/** A prefix of {@link idPrefixes}. */
export type IdPrefix = keyof typeof idPrefixes;

/** Where ids come from: injected, so that tests can repeat them. */
export interface Ids {
  /** A new id, greater than every earlier one of this source. */
  next(prefix: IdPrefix): string;
}

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
const idBody = /^[0-7][0-9abcdefghjkmnpqrstvwxyz]{25}$/;

/** The schema of an id of one kind. */
export const idOf = (prefix: IdPrefix): z.ZodString =>
  z.string().regex(new RegExp(`^${prefix}_${idBody.source.slice(1)}`), `not ${idPrefixes[prefix]}'s id (${prefix}_…)`);

/** Whether a string is an id of this kind, rather than a name. */
export const isId = (prefix: IdPrefix, value: string): boolean =>
  value.startsWith(`${prefix}_`) && idBody.test(value.slice(prefix.length + 1));

/**
 * UUIDv7 ids: 48 bits of the clock's time, then a 12-bit counter within one millisecond and 62 random bits, so that ids
 * of one source sort by their making.
 *
 * @param random so many random bytes; seeded in tests
 */
export function uuidv7Ids(clock: Pick<Clock, "nowMs">, random: (bytes: number) => Uint8Array = pooledRandom): Ids {
  let lastMs = -1;
  let counter = 0;
  return {
    next(prefix) {
      const nowMs = Math.max(clock.nowMs(), lastMs);
      counter = nowMs === lastMs ? counter + 1 : 0;
      if (counter > 0xfff) {
        lastMs = nowMs + 1;
        counter = 0;
      } else {
        lastMs = nowMs;
      }
      const bytes = Buffer.alloc(16);
      bytes.writeUIntBE(lastMs, 0, 6);
      bytes.writeUInt16BE(0x7000 | counter, 6);
      bytes.set(random(8), 8);
      bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
      return `${prefix}_${encode(bytes)}`;
    },
  };
}

const pool = Buffer.alloc(4096);
let taken = pool.length;

/** The system's randomness, which costs little where much is asked for at a time. */
function pooledRandom(bytes: number): Uint8Array {
  if (taken + bytes > pool.length) {
    randomFillSync(pool);
    taken = 0;
  }
  return pool.subarray(taken, (taken += bytes));
}

/** The UUID inside an id, as libvirt and cloud-init write it: a domain's UUID is its server's. */
export function uuidOf(id: string): string {
  const hex = uuidBytes(id).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** The id of this kind with that UUID; the inverse of {@link uuidOf}. */
export const idFromUuid = (prefix: IdPrefix, uuid: string): string =>
  `${prefix}_${encode(Buffer.from(uuid.replaceAll("-", ""), "hex"))}`;

/**
 * The name of a binding's tap: `ch` and the first 12 base32 characters of the SHA-256 of its UUID. 14 characters, one
 * under the kernel's limit; 60 bits, so that a million bindings collide with a chance of one in two million.
 */
export const tapName = (nicId: string): string => `ch${base32(digest(nicId).readBigUInt64BE() >> 4n, 12)}`;

/** A binding's MAC: locally administered, unicast (02:…), 40 bits of the SHA-256 of its UUID. */
export const macAddress = (nicId: string): string =>
  ["02", ...Array.from(digest(nicId).subarray(8, 13), (byte) => byte.toString(16).padStart(2, "0"))].join(":");

/** Networks are rendered again and again from the same ids; so many digests are remembered. */
const digestsMost = 50_000;
const digests = new Map<string, Buffer>();

function digest(id: string): Buffer {
  const known = digests.get(id);
  if (known !== undefined) return known;
  const made = createHash("sha256").update(uuidBytes(id)).digest();
  if (digests.size >= digestsMost) digests.clear();
  digests.set(id, made);
  return made;
}

function uuidBytes(id: string): Buffer {
  const body = id.slice(id.indexOf("_") + 1);
  let value = 0n;
  for (const character of body) value = (value << 5n) | BigInt(alphabet.indexOf(character));
  return Buffer.from(value.toString(16).padStart(32, "0"), "hex");
}

/** 128 bits as 26 characters, two zero bits before them. */
function encode(uuid: Uint8Array): string {
  let text = "";
  let rest = 0;
  let bits = 2;
  for (const byte of uuid) {
    rest = (rest << 8) | byte;
    for (bits += 8; bits >= 5;) text += alphabet[(rest >> (bits -= 5)) & 31] ?? "";
    rest &= (1 << bits) - 1;
  }
  return text;
}

/** So many Crockford base32 characters, the most significant bits first. */
function base32(value: bigint, length: number): string {
  let text = "";
  for (let rest = value; text.length < length; rest >>= 5n) text = (alphabet[Number(rest & 31n)] ?? "") + text;
  return text;
}
