import { bridgeMac, doomedGroup } from "./state.ts";
import type { LinkState } from "./state.ts";

/**
 * Lines of `ip -batch` that make what is missing: the bridge and its addresses, the shapers, and taps that are not
 * attached yet. A tap is attached by {@link planAttachedTaps} only when its filters stand, so that it never carries a
 * packet unchecked.
 */
export function planLinks(bridge: string, present: LinkState, wanted: LinkState): string[] {
  const lines: string[] = [];
  if (present.bridge === "absent")
    lines.push(`link add name ${bridge} address ${bridgeMac} type bridge mcast_snooping 0`);
  if (present.bridge === "wrong") lines.push(`link set dev ${bridge} address ${bridgeMac}`);
  if (present.bridge !== "ready") lines.push(`link set dev ${bridge} up`);
  for (const gateway of present.gateways) {
    if (!wanted.gateways.has(gateway)) lines.push(`address del ${gateway} dev ${bridge}`);
  }
  for (const gateway of wanted.gateways) {
    if (!present.gateways.has(gateway)) lines.push(`address add ${gateway} dev ${bridge}`);
  }
  for (const shaper of wanted.shapers.keys()) {
    if (!present.shapers.has(shaper)) lines.push(`link add name ${shaper} type ifb`);
    if (present.shapers.get(shaper) !== true) lines.push(`link set dev ${shaper} up`);
  }
  for (const tap of wanted.taps.keys()) {
    if (!present.taps.has(tap)) lines.push(`tuntap add dev ${tap} mode tap`);
  }
  return lines;
}

/** Lines of `ip -batch` that take away the taps and shapers that nobody wants. */
export const planUnwantedLinks = (present: LinkState, wanted: LinkState): string[] =>
  deleteLinks([
    ...[...present.taps.keys()].filter((tap) => !wanted.taps.has(tap)),
    ...[...present.shapers.keys()].filter((shaper) => !wanted.shapers.has(shaper)),
  ]);

/** Lines of `ip -batch` that attach the taps that are ready. */
export function planAttachedTaps(bridge: string, present: LinkState, wanted: LinkState): string[] {
  const lines: string[] = [];
  for (const [tap, { alias }] of wanted.taps) {
    const found = present.taps.get(tap);
    if (found?.attached === true && found.alias === alias) continue;
    lines.push(
      `link set dev ${tap} alias ${alias} group default master ${bridge}`,
      `link set dev ${tap} type bridge_slave isolated on`,
      `link set dev ${tap} up`,
    );
  }
  return lines;
}

/** Lines that delete links. The kernel waits once a deletion, so several go as one group. */
export function deleteLinks(names: readonly string[]): string[] {
  if (names.length < 2) return names.map((name) => `link del dev ${name}`);
  return [...names.map((name) => `link set dev ${name} group ${doomedGroup}`), `link del group ${doomedGroup}`];
}
