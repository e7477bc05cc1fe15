import { readFakeWorld } from "@cloudhost/driver-fake";
import type { CloudPlaces, Finding } from "./finding.ts";
import { living } from "./check-store.ts";
import type { Facts } from "./store.ts";

/** The power of a guest whose server is in this state; in others it may be any. */
const powersOf: Readonly<Record<string, readonly string[]>> = {
  active: ["running"],
  rescued: ["running"],
  paused: ["paused"],
  suspended: ["suspended"],
  stopped: ["stopped"],
  softDeleted: ["stopped", "suspended"],
};

/** What the hosts have, against what the store says they have. */
export async function checkHosts(facts: Facts, { fakeDir }: CloudPlaces): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const worlds = await readFakeWorld(fakeDir);
  const hostNames = new Map(facts.hosts.map(({ id, name }) => [id, name]));
  const missing = new Map(living(facts).map((server) => [String(server["id"]), server]));
  for (const { host, guests, bindings, files } of worlds) {
    for (const { spec, power, snapshotIds } of guests) {
      const server = missing.get(spec.id);
      missing.delete(spec.id);
      if (server === undefined || hostNames.get(server["host_id"]) !== host) {
        findings.push({ kind: "guest", what: `${host} has guest ${spec.id}, which the store does not know there` });
      } else if (powersOf[String(server["state"])]?.includes(power) === false) {
        findings.push({ kind: "guest", what: `guest ${spec.id} is ${power}, its server ${server["state"]}` });
      }
      for (const id of snapshotIds)
        findings.push({ kind: "snapshot", what: `${host} holds disk ${id} of ${spec.id} still` });
    }
    const wanted = new Set(
      facts.bindings
        .filter(({ host_id, wanted: wants }) => hostNames.get(host_id) === host && Boolean(wants))
        .map(({ id }) => id),
    );
    for (const { id, tap } of bindings) {
      if (!wanted.delete(id))
        findings.push({ kind: "tap", what: `${host} has tap ${tap} of ${id}, which nobody wants` });
    }
    for (const id of wanted) findings.push({ kind: "tap", what: `${host} lacks the tap of ${id}` });
    const known = new Set(guests.map(({ spec }) => spec.id));
    for (const { guestId, path } of files) {
      if (guestId === undefined || !known.has(guestId))
        findings.push({ kind: "overlay", what: `${host} has file ${path} of no guest` });
    }
  }
  for (const [id, { state }] of missing)
    findings.push({ kind: "guest", what: `server ${id} is ${state}, but no host has its guest` });
  return findings;
}
