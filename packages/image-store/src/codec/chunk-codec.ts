import { hash } from "node:crypto";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";

// Runs in worker threads: it loads nothing but Node's own modules.

/** Bytes of a chunk of an image's address space; the last one of an image may be shorter. */
export const chunkBytes = 4_194_304;

/**
 * In front of what is stored: `CHNK`, version 1, encoding, two bytes 0, how many bytes it decodes to (32 bits, big
 * endian), four bytes 0. So an object tells by itself how it is stored: two stores of the same chunk may choose
 * differently.
 */
export const chunkHeaderBytes = 16;

const magic = 0x43_48_4e_4b;
const encodings = { raw: 0, zstd: 1 } as const;
const zeros = Buffer.alloc(chunkBytes);

/** Why stored bytes are not the chunk that they should be. The caller knows of which image. */
export class ChunkFault extends Error {
  override readonly name = "ChunkFault";
}

/** The id of a chunk; `undefined` when all of it is zeros: such a one is stored nowhere. */
export function identifyChunk(bytes: Buffer): string | undefined {
  return bytes.equals(zeros.subarray(0, bytes.length)) ? undefined : idOf(bytes);
}

/**
 * Writes the object to store: zstd at level 1, or raw where that saves less than a thirty-second.
 *
 * @param into at least {@link chunkHeaderBytes} longer than the chunk
 * @returns how many bytes the object has
 */
export function encodeChunk(bytes: Buffer, into: Buffer): number {
  const packed = zstdCompressSync(bytes, {
    // The whole output in one buffer: the default of 16 KiB makes hundreds.
    chunkSize: bytes.length + 65_536,
    pledgedSrcSize: bytes.length,
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
  });
  const isRaw = packed.length > bytes.length - bytes.length / 32;
  const payload = isRaw ? bytes : packed;
  into.fill(0, 0, chunkHeaderBytes);
  into.writeUInt32BE(magic, 0);
  into[4] = 1;
  into[5] = isRaw ? encodings.raw : encodings.zstd;
  into.writeUInt32BE(bytes.length, 8);
  const objectBytes = chunkHeaderBytes + payload.copy(into, chunkHeaderBytes);
  free(packed);
  return objectBytes;
}

/**
 * Writes the chunk's bytes, which hash to its id.
 *
 * @param into exactly as long as the chunk must be
 * @throws ChunkFault
 */
export function decodeChunk(object: Buffer, id: string, into: Buffer): void {
  const encoding = readHeader(object, into.length);
  const payload = object.subarray(chunkHeaderBytes);
  const isRaw = encoding === encodings.raw;
  if (isRaw) payload.copy(into);
  const length = isRaw ? payload.length : unpack(payload, into);
  if (length !== into.length) throw new ChunkFault(`it has ${length} bytes, not ${into.length}`);
  const found = idOf(into);
  if (found !== id) throw new ChunkFault(`its bytes hash to ${found}`);
}

/**
 * Gives a large buffer of zlib's back now. Left to the collector of garbage, which sees only a small object, each thread
 * would keep a dozen of them. Small buffers share memory with others.
 */
function free({ buffer }: Buffer<ArrayBuffer>): void {
  if (buffer.byteLength > 131_072) buffer.transfer(0);
}

const idOf = (bytes: Buffer): string => `sha256:${hash("sha256", bytes, "hex")}`;

/** The encoding. */
function readHeader(object: Buffer, decodedBytes: number): number {
  if (object.length < chunkHeaderBytes) throw new ChunkFault(`it is cut off after ${object.length} bytes`);
  if (object.readUInt32BE(0) !== magic || object[4] !== 1) throw new ChunkFault("its header is damaged");
  const encoding = object[5];
  if (encoding !== encodings.raw && encoding !== encodings.zstd) throw new ChunkFault("its encoding is unknown");
  if (object.readUInt32BE(8) !== decodedBytes)
    throw new ChunkFault(`its header says another size than ${decodedBytes}`);
  return encoding;
}

/**
 * Bounded whatever the frame claims: neither its window nor its output is larger than a chunk may need.
 * @returns how many bytes it has, even if `into` is shorter
 */
function unpack(payload: Buffer, into: Buffer): number {
  const bound = into.length + 64;
  try {
    const unpacked = zstdDecompressSync(payload, {
      chunkSize: bound,
      maxOutputLength: bound,
      params: { [constants.ZSTD_d_windowLogMax]: 23 },
    });
    unpacked.copy(into);
    const { length } = unpacked;
    free(unpacked);
    return length;
  } catch (cause) {
    throw new ChunkFault(`it does not decompress (${cause instanceof Error ? cause.message : String(cause)})`, {
      cause,
    });
  }
}
