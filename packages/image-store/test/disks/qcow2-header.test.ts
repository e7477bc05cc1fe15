import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseQcow2Header, qcow2Magic } from "../../src/disks/qcow2-header.ts";

interface Parts {
  readonly version?: number;
  readonly clusterBits?: number;
  readonly virtualBytes?: bigint;
  readonly encryption?: number;
  readonly incompatible?: bigint;
  readonly backing?: string;
  readonly format?: string;
}

/** A header as the specification has it. */
function header({ version = 3, clusterBits = 16, virtualBytes = 4096n, encryption = 0, ...rest }: Parts = {}): Buffer {
  const bytes = Buffer.alloc(1024);
  qcow2Magic.copy(bytes);
  bytes.writeUInt32BE(version, 4);
  bytes.writeUInt32BE(clusterBits, 20);
  bytes.writeBigUInt64BE(virtualBytes, 24);
  bytes.writeUInt32BE(encryption, 32);
  const headerBytes = version === 3 ? 104 : 72;
  if (version === 3) {
    bytes.writeBigUInt64BE(rest.incompatible ?? 0n, 72);
    bytes.writeUInt32BE(headerBytes, 100);
  }
  if (rest.format !== undefined) {
    bytes.writeUInt32BE(0xe2792aca, headerBytes);
    bytes.writeUInt32BE(rest.format.length, headerBytes + 4);
    bytes.write(rest.format, headerBytes + 8);
  }
  if (rest.backing !== undefined) {
    bytes.writeBigUInt64BE(300n, 8);
    bytes.writeUInt32BE(Buffer.byteLength(rest.backing), 16);
    bytes.write(rest.backing, 300);
  }
  return bytes;
}

describe("the header of a qcow2", () => {
  it("tells the size of the address space", () => {
    expect(parseQcow2Header(header({ virtualBytes: 3n << 40n }))).toEqual({
      virtualBytes: 3 * 2 ** 40,
      backing: undefined,
      unsupported: [],
      markedCorrupt: false,
    });
  });

  for (const version of [2, 3]) {
    it(`tells the backing file and its format, in version ${version}`, () => {
      const parsed = parseQcow2Header(header({ version, backing: "../base.raw", format: "raw" }));
      expect(parsed).toMatchObject({ backing: { name: "../base.raw", format: "raw" } });
    });
  }

  it("tells that the backing file's format is not declared", () => {
    expect(parseQcow2Header(header({ backing: "base" }))).toMatchObject({
      backing: { name: "base", format: undefined },
    });
  });

  it("tells what cannot be read, and that it is marked corrupt", () => {
    expect(parseQcow2Header(header({ encryption: 2, incompatible: 0b110n }))).toMatchObject({
      unsupported: ["encryption", "an external data file"],
      markedCorrupt: true,
    });
  });

  it("says what is wrong with what is none", () => {
    const faults = [
      header().subarray(0, 71),
      header().subarray(0, 100),
      header({ version: 7 }),
      header({ clusterBits: 60 }),
      header({ virtualBytes: 1n << 60n }),
      header({ backing: "x".repeat(700) }).subarray(0, 500),
    ].map(parseQcow2Header);
    expect(faults.map((fault) => typeof fault)).toEqual(faults.map(() => "string"));
  });

  it("is parsed or refused, whatever it is", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (tail, extended) => {
        const bytes = Buffer.concat([header({ backing: "base", format: "raw" }).subarray(0, extended ? 104 : 8), tail]);
        expect(["string", "object"]).toContain(typeof parseQcow2Header(bytes));
      }),
    );
  });
});
