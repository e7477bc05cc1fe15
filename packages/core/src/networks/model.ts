import { z } from "zod";

/** A server's fixed address. */
export const ServerAddress = z.strictObject({
  nicId: z.string(),
  network: z.string(),
  address: z.ipv4(),
  mac: z.string(),
});
export type ServerAddress = z.infer<typeof ServerAddress>;

/**
 * The flat network that every server's fixed address is of. The first address is the gateway, on every host the host's
 * own; it, the network's and the broadcast address are given to nobody.
 */
export const FixedNetwork = z.strictObject({
  name: z.string().default("fixed"),
  /** IPv4, /8 to /29. @defaultValue `10.0.0.0/16` */
  cidr: z.cidrv4().default("10.0.0.0/16"),
});
export type FixedNetwork = z.infer<typeof FixedNetwork>;
