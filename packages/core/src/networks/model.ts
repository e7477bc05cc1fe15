import { z } from "zod";
import { Name } from "../names.ts";

/** A server's fixed address. */
export const ServerAddress = z.strictObject({
  nicId: z.string(),
  network: z.string(),
  address: z.ipv4(),
  mac: z.string(),
});
export type ServerAddress = z.infer<typeof ServerAddress>;

const between = (least: number, value: number, most: number): boolean => least <= value && value <= most;

/**
 * The flat network that every server's fixed address is of. The first address is the gateway, on every host the host's
 * own; it, the network's and the broadcast address are given to nobody.
 */
export const FixedNetwork = z.strictObject({
  name: Name.default("fixed"),
  /** IPv4, /8 to /29. @defaultValue `10.0.0.0/16` */
  cidr: z
    .cidrv4({ abort: true })
    .refine((cidr) => between(8, Number(cidr.split("/")[1]), 29), "neither a /8 nor a /29, nor between them")
    .default("10.0.0.0/16"),
});
export type FixedNetwork = z.infer<typeof FixedNetwork>;
