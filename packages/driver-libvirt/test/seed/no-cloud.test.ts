import type { GuestNic } from "@cloudhost/core/ports";
import { describe, expect, it } from "vitest";
import { isoVolume } from "../../src/seed/iso9660.ts";
import { noCloudVolume } from "../../src/seed/no-cloud.ts";

const sectorBytes = 2048;

/** Reads a volume as an OS does: its label and the files of its folder, by the names of one of its two descriptors. */
function read(volume: Buffer, descriptor: 16 | 17): { label: string; files: Map<string, string> } {
  const decode = (bytes: Buffer): string =>
    descriptor === 17 ? Buffer.from(bytes).swap16().toString("utf16le") : bytes.toString("latin1");
  const head = volume.subarray(descriptor * sectorBytes, (descriptor + 1) * sectorBytes);
  expect(head.toString("latin1", 1, 6)).toBe("CD001");
  expect(head.readUInt32LE(80) * sectorBytes).toBe(volume.length);
  expect(head.readUInt32BE(84)).toBe(head.readUInt32LE(80));
  const folder = head.readUInt32LE(156 + 2) * sectorBytes;
  const files = new Map<string, string>();
  for (let at = folder; volume.readUInt8(at) > 0; at += volume.readUInt8(at)) {
    const name = volume.subarray(at + 33, at + 33 + volume.readUInt8(at + 32));
    const [start, length] = [volume.readUInt32LE(at + 2) * sectorBytes, volume.readUInt32LE(at + 10)];
    if (name.length > 1) files.set(decode(name), volume.toString("utf8", start, start + length));
  }
  return { label: decode(head.subarray(40, 72)).trimEnd(), files };
}

const nic = (last: number): GuestNic => ({
  id: "nic_01arz3ndektsv4rrffq69g5fav",
  tap: "ch0123456789ab",
  mac: `02:00:00:00:00:0${last}`,
  address: `10.0.0.${last}`,
  prefixLength: 16,
  gateway: "10.0.0.1",
});
const seed = { hostname: "web-1", publicKeys: ["ssh-ed25519 AAAA amy"] };
const guestId = "srv_01arz3ndektsv4rrffq69g5fav";

describe("a volume", () => {
  it("has its label and its files, in capitals and as they are called", () => {
    const long = "x".repeat(5000);
    const files = [
      { name: "user-data", content: Buffer.from(long) },
      { name: "empty", content: Buffer.alloc(0) },
    ];
    const volume = isoVolume("cidata", files);
    expect(volume.length % sectorBytes).toBe(0);
    expect(read(volume, 17)).toEqual({
      label: "cidata",
      files: new Map([
        ["empty;1", ""],
        ["user-data;1", long],
      ]),
    });
    expect(read(volume, 16)).toMatchObject({ label: "cidata" });
    expect([...read(volume, 16).files.keys()]).toEqual(["EMPTY.;1", "USER_DATA.;1"]);
    expect(isoVolume("cidata", files).equals(volume)).toBe(true);
  });
});

describe("a seed", () => {
  it("tells a guest its id, name, keys and addresses, and gives it its user's data as they are", () => {
    const userData = "#cloud-config\npackages: [nginx]\n";
    const encoded = Buffer.from(userData).toString("base64");
    const { files } = read(noCloudVolume(guestId, { ...seed, userData: encoded }, [nic(5), nic(6)]), 17);
    expect(JSON.parse(files.get("meta-data;1") ?? "")).toEqual({
      "instance-id": guestId,
      "local-hostname": "web-1",
      "public-keys": ["ssh-ed25519 AAAA amy"],
    });
    expect(JSON.parse(files.get("network-config;1") ?? "")).toEqual({
      version: 2,
      ethernets: {
        nic0: {
          match: { macaddress: nic(5).mac },
          addresses: ["10.0.0.5/16"],
          routes: [{ to: "0.0.0.0/0", via: "10.0.0.1" }],
        },
        nic1: { match: { macaddress: nic(6).mac }, addresses: ["10.0.0.6/16"] },
      },
    });
    expect(files.get("user-data;1")).toBe(userData);
  });

  it("has empty user data where its user gave none: cloud-init asks for the file", () => {
    expect(read(noCloudVolume(guestId, seed, []), 17).files.get("user-data;1")).toBe("");
  });
});
