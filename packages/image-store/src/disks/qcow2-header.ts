/** What a qcow2 file says of itself before any guest data, as far as it matters here. */
export interface Qcow2Header {
  /** The guest's address space, in bytes. */
  readonly virtualBytes: number;
  /** The file below it, as it is written in the header, and that file's format where it is declared. */
  readonly backing: { readonly name: string; readonly format: string | undefined } | undefined;
  /** Features that nothing here reads: `encryption`, `an external data file`. */
  readonly unsupported: readonly string[];
  /** A writer found it damaged and said so. */
  readonly markedCorrupt: boolean;
}

/** The first four bytes of a qcow2: `QFI` and 0xfb. */
export const qcow2Magic = Buffer.from([0x51, 0x46, 0x49, 0xfb]);

/** The longest part of a file that {@link parseQcow2Header} looks at: the largest cluster. */
export const qcow2HeaderBytes = 2_097_152;

const backingFormatExtension = 0xe2_79_2a_ca;
const incompatible = { corrupt: 1n << 1n, externalData: 1n << 2n };

/**
 * Parses the beginning of a qcow2 file, by its specification (docs/interop/qcow2.txt of QEMU).
 * @param bytes the first cluster, or what there is of it
 * @returns a string that says what is wrong, where it is no header
 */
export function parseQcow2Header(bytes: Buffer): Qcow2Header | string {
  if (bytes.length < 72) return "its header is cut off";
  const version = bytes.readUInt32BE(4);
  if (version !== 2 && version !== 3) return `qcow2 version ${version} is unknown`;
  const clusterBits = bytes.readUInt32BE(20);
  if (clusterBits < 9 || clusterBits > 21) return `its clusters have 2^${clusterBits} bytes`;
  const virtualBytes = bytes.readBigUInt64BE(24);
  if (virtualBytes > BigInt(Number.MAX_SAFE_INTEGER)) return `its virtual size is ${virtualBytes} bytes`;
  if (version === 3 && bytes.length < 104) return "its header is cut off";

  const features = version === 3 ? bytes.readBigUInt64BE(72) : 0n;
  const backing = parseBacking(bytes, version, 2 ** clusterBits);
  if (typeof backing === "string") return backing;
  return {
    virtualBytes: Number(virtualBytes),
    backing: backing.file,
    unsupported: [
      ...(bytes.readUInt32BE(32) === 0 ? [] : ["encryption"]),
      ...(features & incompatible.externalData ? ["an external data file"] : []),
    ],
    markedCorrupt: (features & incompatible.corrupt) !== 0n,
  };
}

function parseBacking(
  bytes: Buffer,
  version: number,
  clusterBytes: number,
): { readonly file: Qcow2Header["backing"] } | string {
  const offset = Number(bytes.readBigUInt64BE(8));
  const length = bytes.readUInt32BE(16);
  if (offset === 0) return { file: undefined };
  if (length === 0 || length > 1023) return "the name of its backing file has an impossible length";
  if (offset + length > Math.min(bytes.length, clusterBytes)) return "the name of its backing file is cut off";
  const headerBytes = version === 3 ? bytes.readUInt32BE(100) : 72;
  const format = extension(bytes.subarray(0, offset), headerBytes, backingFormatExtension);
  return { file: { name: bytes.toString("utf8", offset, offset + length), format: format?.toString("latin1") } };
}

/** The data of a header extension, each of which is a type, a length, and the data filled up to 8 bytes. */
function extension(bytes: Buffer, start: number, wanted: number): Buffer | undefined {
  for (let at = start; at + 8 <= bytes.length;) {
    const type = bytes.readUInt32BE(at);
    const length = bytes.readUInt32BE(at + 4);
    if (type === 0) return undefined;
    if (type === wanted && at + 8 + length <= bytes.length) return bytes.subarray(at + 8, at + 8 + length);
    at += 8 + Math.ceil(length / 8) * 8;
  }
  return undefined;
}
