/** A file of a volume. Its name has lowercase letters, digits and hyphens. */
export interface VolumeFile {
  readonly name: string;
  readonly content: Uint8Array;
}

const sectorBytes = 2048;
const firstDescriptor = 16;
/** Behind three descriptors: two path tables and a folder for each of the two sets of names. */
const pathTables = firstDescriptor + 3;
const folders = pathTables + 4;
const firstFile = folders + 2;

/** A set of names for the same files: ISO 9660's own, in capitals, and Joliet's, which keep a name as it is. */
interface Naming {
  readonly version: number;
  readonly folder: number;
  readonly pathTable: number;
  text(value: string, bytes: number): Buffer;
  fileName(name: string): Buffer;
}

const plain: Naming = {
  version: 1,
  folder: folders,
  pathTable: pathTables,
  text: (value, bytes) => Buffer.from(value.padEnd(bytes), "latin1"),
  fileName: (name) => Buffer.from(`${name.toUpperCase().replaceAll("-", "_")}.;1`, "latin1"),
};

const joliet: Naming = {
  version: 2,
  folder: folders + 1,
  pathTable: pathTables + 2,
  text: (value, bytes) => bigEndian16(value.padEnd(Math.floor(bytes / 2)), bytes),
  fileName: (name) => bigEndian16(`${name};1`),
};

/**
 * An ISO 9660 volume with files in its one folder: ECMA-119, with the names of Joliet beside its own, which Linux, the
 * BSDs and Windows read. The same files give the same bytes.
 * @param label 1 to 16 characters
 */
export function isoVolume(label: string, files: readonly VolumeFile[]): Buffer {
  const sorted = files.toSorted(({ name: a }, { name: b }) => (a < b ? -1 : 1));
  let next = firstFile;
  const placed = sorted.map((file) => {
    const at = next;
    next += Math.ceil(file.content.length / sectorBytes);
    return { ...file, at };
  });
  const volume = Buffer.alloc(next * sectorBytes);
  const put = (bytes: Uint8Array, sector: number): void => {
    volume.set(bytes, sector * sectorBytes);
  };
  for (const [index, naming] of [plain, joliet].entries()) {
    put(descriptor(label, naming, next), firstDescriptor + index);
    put(pathTable(naming.folder, false), naming.pathTable);
    put(pathTable(naming.folder, true), naming.pathTable + 1);
    put(folder(naming, placed), naming.folder);
  }
  put(Buffer.from("\u00ffCD001\u0001", "latin1"), firstDescriptor + 2);
  for (const { content, at } of placed) put(content, at);
  return volume;
}

function descriptor(label: string, naming: Naming, sectors: number): Buffer {
  const bytes = Buffer.alloc(sectorBytes);
  bytes.writeUInt8(naming.version, 0);
  bytes.write("CD001\u0001", 1, "latin1");
  bytes.set(naming.text("", 32), 8);
  bytes.set(naming.text(label, 32), 40);
  both32(bytes, sectors, 80);
  // Names in UCS-2, level 3.
  if (naming === joliet) bytes.write("%/E", 88, "latin1");
  both16(bytes, 1, 120);
  both16(bytes, 1, 124);
  both16(bytes, sectorBytes, 128);
  both32(bytes, rootPath.length, 132);
  bytes.writeUInt32LE(naming.pathTable, 140);
  bytes.writeUInt32BE(naming.pathTable + 1, 148);
  bytes.set(entry(thisFolder, { at: naming.folder, length: sectorBytes, isFolder: true }), 156);
  for (const [at, length] of [
    [190, 512],
    [702, 111],
  ] as const)
    bytes.set(naming.text("", length), at);
  // Four times that are not said: zeros as text, then the zone.
  for (const at of [813, 830, 847, 864]) bytes.write("0".repeat(16), at, "latin1");
  bytes.writeUInt8(1, 881);
  return bytes;
}

/** Of the folder that has no name. */
const rootPath = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

function pathTable(folderAt: number, bigEndian: boolean): Buffer {
  const bytes = Buffer.from(rootPath);
  if (bigEndian) {
    bytes.writeUInt32BE(folderAt, 2);
    bytes.writeUInt16BE(1, 6);
  } else {
    bytes.writeUInt32LE(folderAt, 2);
    bytes.writeUInt16LE(1, 6);
  }
  return bytes;
}

const thisFolder = Buffer.from([0]);
const folderAbove = Buffer.from([1]);

function folder(naming: Naming, files: readonly (VolumeFile & { readonly at: number })[]): Buffer {
  const itself = { at: naming.folder, length: sectorBytes, isFolder: true };
  return Buffer.concat([
    entry(thisFolder, itself),
    entry(folderAbove, itself),
    ...files.map(({ name, content, at }) =>
      entry(naming.fileName(name), { at, length: content.length, isFolder: false }),
    ),
  ]);
}

function entry(
  name: Buffer,
  { at, length, isFolder }: { readonly at: number; readonly length: number; readonly isFolder: boolean },
): Buffer {
  const bytes = Buffer.alloc(33 + name.length + ((33 + name.length) % 2));
  bytes.writeUInt8(bytes.length, 0);
  both32(bytes, at, 2);
  both32(bytes, length, 10);
  // The first day of 1970.
  bytes.set([70, 1, 1], 18);
  bytes.writeUInt8(isFolder ? 2 : 0, 25);
  both16(bytes, 1, 28);
  bytes.writeUInt8(name.length, 32);
  bytes.set(name, 33);
  return bytes;
}

/** Each number twice: for machines of either kind. */
function both32(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32LE(value, at);
  bytes.writeUInt32BE(value, at + 4);
}

function both16(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt16LE(value, at);
  bytes.writeUInt16BE(value, at + 2);
}

function bigEndian16(text: string, bytes = 2 * text.length): Buffer {
  const whole = Buffer.alloc(bytes);
  whole.set(Buffer.from(text, "utf16le").swap16());
  return whole;
}
