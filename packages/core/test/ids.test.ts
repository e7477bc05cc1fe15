import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { idFromUuid, idOf, idPrefixes, isId, macAddress, tapName, uuidOf, uuidv7Ids } from "../src/ids.ts";
import type { IdPrefix } from "../src/ids.ts";

const prefixes = Object.keys(idPrefixes) as IdPrefix[];
const prefix = fc.constantFrom(...prefixes);

describe("ids", () => {
  it("are UUIDv7 of the clock's time", () => {
    const uuid = uuidOf(uuidv7Ids({ nowMs: () => 1_700_000_000_000 }).next("srv"));
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(uuid.replaceAll("-", "").slice(0, 12), 16)).toBe(1_700_000_000_000);
  });

  it("of one source sort by their making, whatever its clock does", () => {
    const times = fc.array(fc.integer({ min: 0, max: 2 ** 41 }), { minLength: 2, maxLength: 50 });
    fc.assert(
      fc.property(times, (readings) => {
        let at = 0;
        const ids = uuidv7Ids({ nowMs: () => readings[at++] ?? 0 });
        const made = readings.map(() => ids.next("srv"));
        expect(made).toEqual(made.toSorted());
        expect(new Set(made).size).toBe(made.length);
      }),
    );
  });

  it("go on behind the 4,096 of one millisecond", () => {
    const ids = uuidv7Ids({ nowMs: () => 5 });
    const made = Array.from({ length: 10_000 }, () => ids.next("op"));
    expect(made).toEqual(made.toSorted());
    expect(new Set(made).size).toBe(made.length);
  });

  it("are the same again with the same clock and the same chance", () => {
    const source = () => uuidv7Ids({ nowMs: () => 5 }, (bytes) => new Uint8Array(bytes).fill(7));
    expect(source().next("srv")).toBe(source().next("srv"));
    expect(source().next("srv")).toHaveLength("srv_".length + 26);
  });

  it("are their UUID and back", () => {
    fc.assert(
      fc.property(prefix, fc.uuid(), (kind, uuid) => {
        const id = idFromUuid(kind, uuid);
        expect(uuidOf(id)).toBe(uuid);
        expect(isId(kind, id)).toBe(true);
        expect(idOf(kind).safeParse(id).success).toBe(true);
      }),
    );
  });

  it("are told from names and from ids of another kind", () => {
    const id = uuidv7Ids({ nowMs: () => 5 }).next("srv");
    expect(isId("img", id)).toBe(false);
    const strangers = [
      "web-1",
      "srv_",
      "srv_web-1",
      id.toUpperCase(),
      `${id}0`,
      id.slice(0, -1),
      `srv_8${id.slice(5)}`,
    ];
    for (const other of strangers) {
      expect(isId("srv", other)).toBe(false);
      expect(idOf("srv").safeParse(other).success).toBe(false);
    }
  });
});

describe("what is made of a binding's id", () => {
  const nic = fc.uuid({ version: 7 }).map((uuid) => idFromUuid("nic", uuid));

  it("is a tap's name of 14 characters: `ch` and the top 60 bits of the UUID's SHA-256", () => {
    fc.assert(
      fc.property(nic, (id) => {
        expect(tapName(id)).toMatch(/^ch[0-9abcdefghjkmnpqrstvwxyz]{12}$/);
        const uuid = Buffer.from(uuidOf(id).replaceAll("-", ""), "hex");
        const top = createHash("sha256").update(uuid).digest().readBigUInt64BE() >> 4n;
        const digits = Array.from(tapName(id).slice(2), (digit) => "0123456789abcdefghjkmnpqrstvwxyz".indexOf(digit));
        expect(digits.reduce((sum, digit) => sum * 32n + BigInt(digit), 0n)).toBe(top);
      }),
    );
  });

  it("is a MAC address that is locally administered and of one interface", () => {
    fc.assert(fc.property(nic, (id) => /^02(:[0-9a-f]{2}){5}$/.test(macAddress(id))));
    expect(new Set(fc.sample(nic, 1000).map(macAddress)).size).toBe(1000);
    expect(new Set(fc.sample(nic, 1000).map(tapName)).size).toBe(1000);
  });
});
