import type { Notification } from "@cloudhost/core/ports";
import { z } from "zod";

/** A notification as it travels: its id is a header too. */
export const Message = z.strictObject({
  id: z.string().regex(/^[\x21-\x7e]{1,255}$/, "not 1 to 255 characters of printable ASCII"),
  kind: z.string().min(1).max(255),
  atMs: z.int(),
  data: z.record(z.string(), z.json()),
}) satisfies z.ZodType<Notification>;
export type Message = z.infer<typeof Message>;
