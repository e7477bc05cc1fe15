import { isAbsolute } from "node:path";
import { z } from "zod";
import { idOf } from "../ids.ts";
import { byCreation, byName, oneOrMore } from "../lists/filters.ts";
import { pageBy } from "../lists/page-by.ts";
import { Label, Name, NameOrId } from "../names.ts";
import { ChunkCounts } from "../ports/host-images.ts";
import { TagChanges, Tags } from "../tags/tags.ts";

/** `pending`: being stored. `active`: sealed, may be booted. `error`: failed, to be deleted. `deleting`. */
export const ImageState = z.enum(["pending", "active", "deleting", "deleted", "error"]);
export type ImageState = z.infer<typeof ImageState>;

/** What an image asks of a host, and how its guest is started. */
export const ImageProperties = z.strictObject({
  architecture: z.enum(["x86_64", "aarch64"]).optional(),
  hypervisor: z.enum(["kvm", "qemu", "lxc", "fake"]).optional(),
  /** Image whose content is a kernel to start directly, instead of the disk's boot loader. */
  kernelImage: idOf("img").optional(),
  /** Image whose content is the initial ramdisk of that kernel. */
  initrdImage: idOf("img").optional(),
  /** The kernel's command line; the server's address and gateway are put behind it. */
  kernelArguments: z
    .string()
    .max(1024)
    .regex(/^[\x20-\x7e]*$/, "not printable ASCII")
    .optional(),
});
export type ImageProperties = z.infer<typeof ImageProperties>;

/** `private`: the project's own. `public`: everybody's to boot; only an operator makes one. */
export const ImageVisibility = z.enum(["private", "public"]);

/** A disk image that servers boot from. */
export const Image = z.strictObject({
  id: idOf("img"),
  /** `null` for an operator's public image. */
  projectId: idOf("prj").nullable(),
  name: z.string(),
  /** What its project has marked it with. */
  tags: Tags,
  visibility: ImageVisibility,
  state: ImageState,
  /** Of its sealed manifest, once active. */
  digest: z.string().nullable(),
  /** The guest's address space, once active. */
  logicalBytes: z.int().nullable(),
  /** What its own chunks took in the store, once active. */
  storedBytes: z.int().nullable(),
  chunks: ChunkCounts.nullable(),
  minDiskGib: z.int(),
  minMemoryMib: z.int(),
  properties: ImageProperties,
  /** The server that it is a snapshot of. */
  serverId: idOf("srv").nullable(),
  operationId: idOf("op"),
  createdAtMs: z.int(),
});
export type Image = z.infer<typeof Image>;

/** A file's absolute path. */
const FilePath = z
  .string()
  .max(4096)
  .refine((path) => isAbsolute(path) && !path.includes("\0"), "not an absolute path");

/** Where an image comes from, and what it asks. */
export const ImportImage = z.strictObject({
  name: Name,
  /** A raw, sparse raw or qcow2 file that the process running operations can read. */
  path: FilePath,
  visibility: ImageVisibility.default("private"),
  minDiskGib: z.int().min(0).max(65_536).default(0),
  minMemoryMib: z
    .int()
    .min(0)
    .max(16 * 1024 * 1024)
    .default(0),
  properties: ImageProperties.default({}),
  /** What it is marked with, to be found by. @defaultValue nothing */
  tags: Tags.optional(),
  idempotencyKey: Label.optional(),
});
export type ImportImage = z.input<typeof ImportImage>;

/** How a snapshot is named and marked. */
export const SnapshotServer = z.strictObject({
  name: Name,
  /** What it is marked with, to be found by. @defaultValue nothing */
  tags: Tags.optional(),
  idempotencyKey: Label.optional(),
});
export type SnapshotServer = z.input<typeof SnapshotServer>;

/** What of an image to change. What is not named stays. */
export const UpdateImage = z.strictObject({
  name: Name.optional(),
  /** Tags to set, `null` to take one away; others stay. */
  tags: TagChanges.optional(),
});
export type UpdateImage = z.input<typeof UpdateImage>;

/** Where an image is written to. */
export const ExportImage = z.strictObject({
  /** A new file that the calling process can write. */
  path: FilePath,
  format: z.enum(["raw", "qcow2"]).default("raw"),
});
export type ExportImage = z.input<typeof ExportImage>;

/** Which images to list, in which order: what is said must all hold. */
export const ListImages = pageBy(["createdAt", "name"]).extend({
  ...byName,
  ...byCreation,
  state: oneOrMore(ImageState).optional(),
  visibility: ImageVisibility.optional(),
  /** The server that it is a snapshot of: its name, or its id, also when it is gone. */
  server: NameOrId.optional(),
  /** Tags that it has, all of them, with these values. */
  tags: Tags.optional(),
});
export type ListImages = z.input<typeof ListImages>;
