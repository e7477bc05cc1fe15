import type { HostModel } from "./model.ts";

/** Kernel settings by their `sysctl` key. */
export type SettingState = ReadonlyMap<string, string>;

/** A key with an interface in it: a dot in the interface's name is a slash there. */
const keyFor = (before: string, link: string, setting: string): string =>
  `${before}.${link.replaceAll(".", "/")}.${setting}`;

/** Whether the internal uplink routes what comes in: the only setting of a link that is not ours. */
export const uplinkForwarding = (uplink: string): string => keyFor("net.ipv4.conf", uplink, "forwarding");

/**
 * The settings that a model asks for. The host routes between its guests and to other hosts, and answers ARP at once
 * for every address that it reaches: for guests of its own (isolated ports hear nothing of each other) and of others.
 */
export function wantedSettings({ bridge, uplinks }: HostModel): SettingState {
  const ipv4 = (setting: string): string => keyFor("net.ipv4.conf", bridge, setting);
  return new Map([
    [ipv4("forwarding"), "1"],
    [ipv4("proxy_arp"), "1"],
    [ipv4("proxy_arp_pvlan"), "1"],
    [keyFor("net.ipv4.neigh", bridge, "proxy_delay"), "0"],
    [uplinkForwarding(uplinks.internal), "1"],
  ]);
}

/** Lines of `sysctl -p -` that set what differs. */
export const planSettings = (present: SettingState, wanted: SettingState): string[] =>
  Array.from(wanted)
    .filter(([key, value]) => present.get(key) !== value)
    .map(([key, value]) => `${key} = ${value}`);

/** Settings in the output of `sysctl KEY…`. */
export function parseSettings(text: string): SettingState {
  return new Map(
    text.split("\n").flatMap((line) => {
      const [key, value] = line.split(" = ");
      return key === undefined || value === undefined ? [] : [[key, value]];
    }),
  );
}
