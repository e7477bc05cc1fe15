import type { HostCommandKind } from "../ports/host-commands.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/**
 * How long each kind of command may take on its host, in milliseconds; the time that a guest's OS gets to stop comes on
 * top. Generous: a slow host is better waited for than given up, and one that is dead is known by its heartbeats.
 */
export const commandTimeoutMs: Readonly<Record<HostCommandKind, number>> = {
  "host.inventory": 30 * second,
  "compute.define": 2 * minute,
  "compute.start": 10 * minute,
  "compute.stop": minute,
  "compute.reboot": 2 * minute,
  "compute.pause": minute,
  "compute.unpause": minute,
  "compute.suspend": 10 * minute,
  "compute.change": 2 * minute,
  "compute.layers": 30 * second,
  "compute.putLayer": hour,
  "compute.keepDisks": hour,
  "compute.restoreDisks": hour,
  "compute.dropDisks": 10 * minute,
  "compute.consoleLog": 30 * second,
  "compute.strangers": 30 * second,
  "compute.adopt": 2 * minute,
  "compute.disown": 2 * minute,
  "compute.remove": 2 * minute,
  "compute.get": 30 * second,
  "compute.list": 30 * second,
  "compute.freezeDisk": 2 * minute,
  "compute.releaseDisk": 10 * minute,
  "images.ensure": hour,
  "images.release": minute,
  "images.holders": 30 * second,
  "images.ingest": 2 * hour,
  "network.apply": 2 * minute,
};
