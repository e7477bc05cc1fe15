/** Ethernet frames for tests, as bytes. */
export interface FrameParts {
  readonly sourceMac: string;
  readonly destinationMac: string;
  readonly etherType: number;
}

const macBytes = (mac: string): Buffer => Buffer.from(mac.replaceAll(":", ""), "hex");
const addressBytes = (address: string): Buffer => Buffer.from(address.split(".").map(Number));

/** A frame around a payload. */
export const frame = ({ sourceMac, destinationMac, etherType }: FrameParts, payload: Uint8Array): Buffer =>
  Buffer.concat([
    macBytes(destinationMac),
    macBytes(sourceMac),
    Buffer.from([etherType >> 8, etherType & 0xff]),
    payload,
  ]);

/** An IPv4 packet of UDP. */
export interface UdpParts {
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly payload?: string;
  /** Bytes of IP options, a multiple of 4. */
  readonly options?: number;
  /** In units of 8 bytes. */
  readonly fragmentOffset?: number;
}

/** The packet's bytes, its header's checksum included; UDP goes without one. */
export function udpPacket(parts: UdpParts): Buffer {
  const { source, destination, sourcePort, destinationPort, payload = "", options = 0, fragmentOffset = 0 } = parts;
  const header = Buffer.alloc(20 + options, 1);
  const udp = Buffer.alloc(8 + payload.length);
  header[0] = 0x40 | (header.length / 4);
  header[1] = 0;
  header.writeUInt16BE(header.length + udp.length, 2);
  header.writeUInt16BE(0, 4);
  header.writeUInt16BE(fragmentOffset, 6);
  header[8] = 64;
  header[9] = 17;
  header.writeUInt16BE(0, 10);
  addressBytes(source).copy(header, 12);
  addressBytes(destination).copy(header, 16);
  header.writeUInt16BE(checksum(header), 10);
  udp.writeUInt16BE(sourcePort, 0);
  udp.writeUInt16BE(destinationPort, 2);
  udp.writeUInt16BE(udp.length, 4);
  udp.write(payload, 8, "latin1");
  return Buffer.concat([header, udp]);
}

/** An ARP packet: who asks or answers, and for which address. */
export interface ArpParts {
  readonly operation: "request" | "reply";
  readonly senderMac: string;
  readonly senderAddress: string;
  readonly targetAddress: string;
}

/** The packet's bytes. */
export const arpPacket = ({ operation, senderMac, senderAddress, targetAddress }: ArpParts): Buffer =>
  Buffer.concat([
    Buffer.from([0, 1, 8, 0, 6, 4, 0, operation === "request" ? 1 : 2]),
    macBytes(senderMac),
    addressBytes(senderAddress),
    Buffer.alloc(6),
    addressBytes(targetAddress),
  ]);

function checksum(header: Buffer): number {
  let sum = 0;
  for (let at = 0; at < header.length; at += 2) sum += header.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
