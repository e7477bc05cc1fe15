/** An IPv4 address as a number, so that addresses can be counted and ordered. */
export const addressNumber = (address: string): number =>
  address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);

/** A number as an IPv4 address. */
export const addressText = (number: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");

/** A network by its parts: the gateway is its first host address, what servers get begins behind that. */
export function networkRange(cidr: string): {
  readonly prefixLength: number;
  readonly gateway: string;
  readonly firstAddress: number;
  readonly lastAddress: number;
} {
  const [base = "", length = ""] = cidr.split("/");
  const prefixLength = Number(length);
  const size = 2 ** (32 - prefixLength);
  const start = Math.floor(addressNumber(base) / size) * size;
  return { prefixLength, gateway: addressText(start + 1), firstAddress: start + 2, lastAddress: start + size - 2 };
}
