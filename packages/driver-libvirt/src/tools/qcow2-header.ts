import { open } from "node:fs/promises";

/** What the beginning of a qcow2 tells. */
export interface Qcow2Header {
  /** Whether its data are in another file, which it names itself. */
  readonly dataElsewhere: boolean;
}

const magic = 0x514649fb;
const headerBytes = 80;
/** Bit 2 of the features without which it cannot be read. */
const externalData = 0b100n;

/**
 * Reads the header of a qcow2, or `undefined` of what is none. By itself and not by QEMU's tool, which would open every
 * file that the header names before anybody could refuse it.
 */
export async function readQcow2Header(path: string): Promise<Qcow2Header | undefined> {
  await using file = await open(path, "r");
  const { bytesRead, buffer } = await file.read(Buffer.alloc(headerBytes), 0, headerBytes, 0);
  if (bytesRead < headerBytes || buffer.readUInt32BE(0) !== magic) return undefined;
  const version = buffer.readUInt32BE(4);
  if (version !== 2 && version !== 3) return undefined;
  return { dataElsewhere: version === 3 && (buffer.readBigUInt64BE(72) & externalData) !== 0n };
}
