/** An IPv4 address as the number it is on the wire. */
export const ipv4Number = (address: string): number =>
  address.split(".").reduce((number, octet) => number * 256 + Number(octet), 0);

/** A network such as `10.0.0.0/8` as its mask and its masked address. */
export function networkNumbers(cidr: string): { readonly mask: number; readonly network: number } {
  const [address = "", length = "32"] = cidr.split("/");
  // A shift by 32 would shift by none.
  const mask = length === "0" ? 0 : (0xff_ff_ff_ff << (32 - Number(length))) >>> 0;
  return { mask, network: (ipv4Number(address) & mask) >>> 0 };
}

/** The network of an address: `10.0.0.0/16` of `10.0.3.4/16`. */
export function networkOf(cidr: string): string {
  const { network } = networkNumbers(cidr);
  return `${[24, 16, 8, 0].map((shift) => (network >>> shift) & 0xff).join(".")}/${cidr.split("/")[1] ?? "32"}`;
}

/** Whether every address of the inner network is in the outer one. */
export function covers(outer: string, inner: string): boolean {
  const { mask, network } = networkNumbers(outer);
  const within = networkNumbers(inner);
  return mask <= within.mask && (within.network & mask) >>> 0 === network;
}

/** A MAC address as its first four bytes, its last two and its last one: how filters compare and hash it. */
export function macNumbers(mac: string): { readonly high: number; readonly low: number; readonly lastByte: number } {
  const hex = mac.replaceAll(":", "");
  const low = Number.parseInt(hex.slice(8), 16);
  return { high: Number.parseInt(hex.slice(0, 8), 16), low, lastByte: low & 0xff };
}
