import { treesOf } from "../shaping/trees.ts";
import type { HostModel } from "../model.ts";

/** Links of ours, and what is on them. */
export interface LinkState {
  /** Whether the bridge is there, up and with its MAC. */
  readonly bridge: "absent" | "wrong" | "ready";
  /** IPv4 addresses on the bridge, with their prefix length. */
  readonly gateways: ReadonlySet<string>;
  /** Shaping devices; `true`: up. */
  readonly shapers: ReadonlyMap<string, boolean>;
  readonly taps: ReadonlyMap<string, TapLink>;
}

/** A tap. */
export interface TapLink {
  /** Whose it is, for people and for {@link aliasMac}; empty until it is attached. */
  readonly alias: string;
  /** On the bridge, isolated from the other taps there, up, and not marked for deletion. */
  readonly attached: boolean;
}

/**
 * The bridge's MAC, the same on every host: a guest that moves to another host keeps what it knows of its gateway.
 * Only taps are on the bridge, so nobody else ever sees it.
 */
export const bridgeMac = "02:63:68:00:00:01";

/** A group of links that are about to be deleted together: `ch` and 1. */
export const doomedGroup = 0x63_68_01;

/** A tap's name, as `tapName` of core makes it. */
export const tapPattern = /^ch[0-9a-hjkmnp-tv-z]{12}$/;

/** The links that a model asks for. */
export function wantedLinks(model: HostModel): LinkState {
  return {
    bridge: "ready",
    gateways: model.gateways,
    shapers: new Map(treesOf(model).map(({ device }) => [device, true])),
    taps: new Map(Array.from(model.ports.values(), (port) => [port.tap, { alias: aliasOf(port), attached: true }])),
  };
}

const aliasOf = (port: { readonly serverId: string; readonly mac: string; readonly address: string }): string =>
  `${port.serverId}/${port.mac}/${port.address}`;

/** The guest's MAC that a tap's alias tells, or `undefined`. */
export const aliasMac = (alias: string): string | undefined => alias.split("/")[1];
