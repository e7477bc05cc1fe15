import { z } from "zod";
import { idOf } from "../ids.ts";
import { Label, Name, NameOrId } from "../names.ts";

/** So many data disks a server has at most. */
export const mostDataDisks = 16;

/**
 * A further disk of one server, on the host that it is on. It is empty at first, lives until it or its server is deleted,
 * and moves with the server.
 */
export const DataDisk = z.strictObject({
  id: idOf("dsk"),
  /** Unique within its server. */
  name: Name.nullable(),
  sizeGib: z.int(),
  createdAtMs: z.int(),
});
export type DataDisk = z.infer<typeof DataDisk>;

/** A data disk to make. */
export const CreateDisk = z.strictObject({
  /** 1 to 65,536. */
  sizeGib: z.int().min(1).max(65_536),
  /** Unique within the server. @defaultValue none: it is named by its id */
  name: Name.optional(),
  idempotencyKey: Label.optional(),
});
export type CreateDisk = z.input<typeof CreateDisk>;

/** A data disk to delete. */
export const DeleteDisk = z.strictObject({
  /** Its id, or its name. */
  disk: NameOrId,
  idempotencyKey: Label.optional(),
});
