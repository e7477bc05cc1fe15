import { z } from "zod";
import { parseJson } from "../json.ts";
import { bridgeMac, doomedGroup, tapPattern } from "./state.ts";
import { treeDevices } from "../shaping/trees.ts";
import type { LinkState, TapLink } from "./state.ts";

/** What we read of a link in `ip -j -d address show`; all else is passed over. */
const Link = z.object({
  ifname: z.string(),
  flags: z.array(z.string()).default([]),
  master: z.string().optional(),
  group: z.string().optional(),
  address: z.string().optional(),
  ifalias: z.string().default(""),
  linkinfo: z
    .object({
      info_kind: z.string().optional(),
      info_slave_data: z.object({ isolated: z.boolean().optional() }).optional(),
    })
    .optional(),
  addr_info: z
    .array(z.object({ family: z.string(), local: z.string().optional(), prefixlen: z.number().optional() }))
    .default([]),
});
type Link = z.infer<typeof Link>;
/** `ip` prints `{}` for what a filter of its own left out. */
const Links = z.array(Link.or(z.object({}).transform(() => undefined)));

/**
 * Our links in the output of `ip -j -d address show`. Ours are the bridge, the shapers, and the taps by their name that
 * are on the bridge or nowhere yet. Text that is no such output has no links of ours.
 */
export function parseLinks(json: string, bridge: string): LinkState {
  const all = readLinks(json);
  const bridgeLink = all.find((link) => link.ifname === bridge);
  return {
    bridge:
      bridgeLink === undefined ? "absent" : isUp(bridgeLink) && bridgeLink.address === bridgeMac ? "ready" : "wrong",
    gateways: new Set(bridgeLink?.addr_info.flatMap(gatewayOf)),
    shapers: new Map(all.filter((link) => treeDevices.has(link.ifname)).map((link) => [link.ifname, isUp(link)])),
    taps: new Map(
      all
        .filter((link) => tapPattern.test(link.ifname) && (link.master ?? bridge) === bridge)
        .map((link): [string, TapLink] => [
          link.ifname,
          {
            alias: link.ifalias,
            attached:
              link.master === bridge &&
              isUp(link) &&
              link.linkinfo?.info_slave_data?.isolated === true &&
              link.group !== String(doomedGroup),
          },
        ]),
    ),
  };
}

/** Names of all links in the same output: whether the uplinks are there. */
export const parseLinkNames = (json: string): readonly string[] => readLinks(json).map((link) => link.ifname);

const gatewayOf = ({ family, local, prefixlen }: Link["addr_info"][number]): string[] =>
  family === "inet" && local !== undefined && prefixlen !== undefined ? [`${local}/${prefixlen}`] : [];

const isUp = (link: Link): boolean => link.flags.includes("UP");

function readLinks(json: string): readonly Link[] {
  const parsed = Links.safeParse(parseJson(json));
  return parsed.success ? parsed.data.filter((link) => link !== undefined) : [];
}
