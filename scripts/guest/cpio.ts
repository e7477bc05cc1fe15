/** A file of an archive. Folders come before what is in them. */
export type CpioEntry =
  | { readonly path: string; readonly kind: "folder" }
  | { readonly path: string; readonly kind: "file"; readonly content: Uint8Array; readonly executable: boolean }
  | { readonly path: string; readonly kind: "link"; readonly target: string };

/** An archive as the kernel takes it for its first file system ("newc"). The same entries make the same bytes. */
export function cpioArchive(entries: readonly CpioEntry[]): Buffer {
  const parts = entries.map((entry, index) => record(entry.path, modeOf(entry), contentOf(entry), index + 1));
  return Buffer.concat([...parts, record("TRAILER!!!", 0, Buffer.alloc(0), 0)]);
}

function record(path: string, mode: number, content: Uint8Array, inode: number): Buffer {
  const name = Buffer.from(`${path}\0`);
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`);
  return Buffer.concat([padded(Buffer.concat([header, name])), padded(content)]);
}

const padded = (bytes: Uint8Array): Buffer => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);

function modeOf(entry: CpioEntry): number {
  if (entry.kind === "folder") return 0o040_755;
  if (entry.kind === "link") return 0o120_777;
  return entry.executable ? 0o100_755 : 0o100_644;
}

function contentOf(entry: CpioEntry): Uint8Array {
  if (entry.kind === "file") return entry.content;
  return Buffer.from(entry.kind === "link" ? entry.target : "");
}
