import { z } from "zod";

/** Where a server may go, beside what it needs and its group: what a new decision asks for again. */
export const Placing = z.strictObject({
  zone: z.string().optional(),
  /** What its flavor requires of its host. */
  requires: z.record(z.string(), z.string()),
  /** What its image asks of its host. */
  image: z.strictObject({ architecture: z.string().optional(), hypervisor: z.string().optional() }),
  /** Hosts that are not for it: the one that it is on. */
  notOn: z.array(z.string()),
  /** The only host that is for it. */
  onlyOn: z.string().optional(),
});
export type Placing = z.infer<typeof Placing>;
