import type { GuestNic, GuestSeed } from "@cloudhost/core/ports";
import { isoVolume } from "./iso9660.ts";

/**
 * A guest's seed as cloud-init reads it: the data source NoCloud, a volume with the label `cidata`. Its YAML is written as
 * JSON, which it contains. The first interface has the way out.
 */
export function noCloudVolume(guestId: string, seed: GuestSeed, nics: readonly GuestNic[]): Buffer {
  const { hostname, publicKeys, userData = "" } = seed;
  const ethernets = Object.fromEntries(
    nics.map(({ mac, address, prefixLength, gateway }, index) => [
      `nic${index}`,
      {
        match: { macaddress: mac },
        addresses: [`${address}/${prefixLength}`],
        ...(index === 0 ? { routes: [{ to: "0.0.0.0/0", via: gateway }] } : {}),
      },
    ]),
  );
  return isoVolume("cidata", [
    {
      name: "meta-data",
      content: text({ "instance-id": guestId, "local-hostname": hostname, "public-keys": publicKeys }),
    },
    { name: "network-config", content: text({ version: 2, ethernets }) },
    { name: "user-data", content: Buffer.from(userData, "base64") },
  ]);
}

const text = (value: object): Buffer => Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`);
