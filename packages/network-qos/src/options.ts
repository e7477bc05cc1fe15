import { z } from "zod";

const linkName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/, "not a network interface's name");
const kbit = z.int().min(1);

/** What `linuxNetwork({ … })` takes. */
export const LinuxNetworkOptions = z
  .strictObject({
    /** The uplink to the other hosts and the company's network. It is routed to, never enslaved to the bridge. */
    internal: linkName,
    /** The uplink to the public. It may be the same link: then both speeds must be set, so that nothing is sold twice. */
    external: linkName,
    /** The bridge of this host's guests, made and owned by the driver. */
    bridge: linkName.default("chbr0"),
    /**
     * Speed of the internal uplink in kbit/s, the host's reserve included. @defaultValue what the link reports; it *must*
     * be set where a link reports none (virtual machines, dummies, another namespace)
     */
    internalKbit: kbit.optional(),
    /** Speed of the external uplink in kbit/s; as `internalKbit`. */
    externalKbit: kbit.optional(),
    /**
     * Destinations whose traffic counts as internal bandwidth; the guests' own networks always do.
     * @defaultValue the private networks of RFC 1918
     */
    internalNetworks: z.array(z.cidrv4()).max(16).default(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]),
    /** A named network namespace (`ip netns`) to work in. @defaultValue the process's own */
    netns: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, "not a namespace's name")
      .optional(),
  })
  .refine(
    ({ internal, external, internalKbit, externalKbit }) =>
      internal !== external || (internalKbit !== undefined && externalKbit !== undefined),
    { path: ["externalKbit"], message: "one link for both networks: say how much of it each has" },
  )
  .refine(({ bridge, internal, external }) => bridge !== internal && bridge !== external, {
    path: ["bridge"],
    message: "an uplink is never the bridge",
  });
export type LinuxNetworkOptions = z.infer<typeof LinuxNetworkOptions>;
