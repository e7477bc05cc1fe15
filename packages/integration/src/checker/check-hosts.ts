import { access } from "node:fs/promises";
import type { GuestSpec } from "@cloudhost/core/ports";
import { readFakeWorld } from "@cloudhost/driver-fake";
import type { CloudPlaces, Finding } from "./finding.ts";
import { living } from "./check-store.ts";
import { abandoned, leftOn, placesOf } from "./places.ts";
import type { Facts } from "./store.ts";

/** Interfaces that a guest has and its server not, or the other way round. */
function* otherNics(host: string, { id, nics }: GuestSpec, { bindings }: Facts): Iterable<Finding> {
  const wanted = bindings.filter(({ server_id: server }) => server === id).map((binding) => String(binding["id"]));
  const given = nics.map((nic) => nic.id);
  if (given.toSorted().join() !== wanted.toSorted().join())
    yield { kind: "interface", what: `${host} gives ${id} the interfaces ${given.join()}, the store ${wanted.join()}` };
}

/** Data disks that a guest has and its server not, or the other way round. */
function* otherDisks(host: string, { id, disks }: GuestSpec, { dataDisks }: Facts): Iterable<Finding> {
  const keys = disks.flatMap((disk) => (disk.kind === "data" && disk.detached === undefined ? [disk.id] : []));
  const wanted = dataDisks.filter(({ server_id: server }) => server === id).map((disk) => String(disk["id"]));
  const detached = disks.length - keys.length - disks.filter(({ kind }) => kind !== "data").length;
  if (detached > 0) yield { kind: "data disk", what: `${host} keeps ${detached} data disks that ${id} does not have` };
  if (keys.toSorted().join() !== wanted.toSorted().join())
    yield { kind: "data disk", what: `${host} gives ${id} the data disks ${keys.join()}, the store ${wanted.join()}` };
}

/** What the hosts have, against what the store says they have. */
export async function checkHosts(facts: Facts, { fakeDir }: CloudPlaces): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const worlds = await readFakeWorld(fakeDir);
  const hostNames = new Map(facts.hosts.map(({ id, name }) => [id, name]));
  const givenUp = abandoned(facts);
  const sure = living(facts).filter(({ id }) => !givenUp.has(id));
  const missing = new Map(
    sure.flatMap((server) =>
      placesOf(server).map((place) => [`${server["id"]} ${hostNames.get(place.hostId)}`, { server, place }] as const),
    ),
  );
  const fenced = new Set(facts.hosts.filter(({ fence }) => fence === "fenced").map(({ name }) => name));
  const unsure = new Set(facts.bindings.filter(({ server_id: id }) => givenUp.has(id)).map(({ id }) => id));
  for (const { host, guests, strangers, bindings, files } of worlds) {
    const left = leftOn(host, facts);
    for (const { key, disks } of strangers) {
      for (const { source } of disks)
        if (!(await isThere(source))) findings.push({ kind: "guest", what: `${host} lost disk ${source} of ${key}` });
    }
    for (const { adoptedKey, spec, power, snapshotIds, keepIds } of guests) {
      const wanted = missing.get(`${spec.id} ${host}`);
      if ((adoptedKey === undefined) === (wanted?.server["image_id"] === ""))
        findings.push({ kind: "guest", what: `guest ${spec.id} and its server differ in whether it was adopted` });
      if (adoptedKey !== undefined && !(await isThere(spec.base.path)))
        findings.push({ kind: "guest", what: `${host} lost disk ${spec.base.path} of ${spec.id}` });
      missing.delete(`${spec.id} ${host}`);
      if (left.has(spec.id) && givenUp.has(spec.id)) continue;
      if (wanted === undefined && !left.has(spec.id)) {
        findings.push({ kind: "guest", what: `${host} has guest ${spec.id}, which the store does not know there` });
      } else if (fenced.has(host)) {
        if (power === "running" || power === "paused")
          findings.push({ kind: "guest", what: `guest ${spec.id} is ${power} on ${host}, which is fenced` });
      } else if (wanted?.place.powers?.includes(power) === false) {
        findings.push({ kind: "guest", what: `guest ${spec.id} is ${power}, its server ${wanted?.server["state"]}` });
      }
      if (wanted !== undefined) {
        findings.push(...otherDisks(host, spec, facts));
        // One that is left on another host until a resize is settled has what it had there, an adopted one its own.
        if (wanted.place.hostId === wanted.server["host_id"] && adoptedKey === undefined)
          findings.push(...otherNics(host, spec, facts));
      }
      for (const id of keepIds.filter((keepId) => keepId !== wanted?.place.keepId))
        findings.push({ kind: "snapshot", what: `${host} keeps disks ${id} of ${spec.id} still` });
      for (const id of snapshotIds)
        findings.push({ kind: "snapshot", what: `${host} holds disk ${id} of ${spec.id} still` });
    }
    // What was wanted or unwanted of it since, a fenced host is told when it comes back.
    if (fenced.has(host)) continue;
    const wanted = new Set(
      facts.bindings
        .filter(({ host_id, wanted: wants }) => hostNames.get(host_id) === host && Boolean(wants))
        .map(({ id }) => id),
    );
    for (const { id, tap } of bindings) {
      if (!wanted.delete(id) && !unsure.has(id))
        findings.push({ kind: "tap", what: `${host} has tap ${tap} of ${id}, which nobody wants` });
    }
    for (const id of wanted)
      if (!unsure.has(id)) findings.push({ kind: "tap", what: `${host} lacks the tap of ${id}` });
    const known = new Set(guests.map(({ spec }) => spec.id));
    for (const { guestId, path } of files) {
      if (guestId === undefined || !known.has(guestId))
        findings.push({ kind: "overlay", what: `${host} has file ${path} of no guest` });
    }
  }
  for (const [place, { server }] of missing)
    findings.push({ kind: "guest", what: `server ${place} is ${server["state"]}, but its guest is not there` });
  return findings;
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
