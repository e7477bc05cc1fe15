import type { Finding } from "./finding.ts";
import { abandoned, isShelved, placesOf } from "./places.ts";
import type { Facts, Row } from "./store.ts";

const resources = ["milli_ecu", "memory_mib", "disk_gib", "internal_kbit", "external_kbit"];
/** Which column of an allocation each quota counts. */
const quotas: readonly (readonly [string, string | undefined])[] = [
  ["servers", undefined],
  ["vcpus", "vcpus"],
  ["milli_ecu", "milli_ecu"],
  ["disk_gib", "disk_gib"],
  ["memory_mib", "quota_memory_mib"],
  ["external_kbit", "external_kbit"],
];

/** Servers that have a guest: they hold a claim, an address and a base. One that could not be deleted still has it. */
export const living = ({ servers }: Facts): readonly Row[] => servers.filter((server) => placesOf(server).length > 0);

/** What the store's own tables say of each other. */
export function checkStore(facts: Facts): readonly Finding[] {
  return [
    ...rowsAtRest(facts),
    ...claims(facts),
    ...groups(facts),
    ...disks(facts),
    ...addresses(facts),
    ...shelves(facts),
  ];
}

function* rowsAtRest({ servers, operations, images, imageTags, tags }: Facts): Iterable<Finding> {
  for (const { id, state, step } of operations) {
    if (state !== "succeeded" && state !== "failed")
      yield { kind: "row", what: `operation ${id} is ${state} at ${step}` };
  }
  for (const { id, state, busy } of servers) {
    if (busy) yield { kind: "row", what: `server ${id} is ${state} and busy, but no operation runs` };
    if (state === "building" || state === "deleting") yield { kind: "row", what: `server ${id} is ${state} for ever` };
  }
  const there = new Map(servers.filter(({ state }) => state !== "deleted").map((server) => [server["id"], server]));
  for (const { server_id: id, tag, server_name: name } of tags) {
    if (there.get(id)?.["name"] !== name) yield { kind: "row", what: `a tag ${tag} of ${id}, which is no ${name}` };
  }
  const deleted = new Set(images.filter(({ state }) => state === "deleted").map(({ id }) => id));
  for (const { image_id: id, tag } of imageTags) {
    if (deleted.has(id ?? "")) yield { kind: "row", what: `a tag ${tag} of ${id}, which is deleted` };
  }
  for (const { id, state } of images) {
    if (state === "pending" || state === "deleting") yield { kind: "row", what: `image ${id} is ${state} for ever` };
  }
}

function* claims(facts: Facts): Iterable<Finding> {
  const { allocations, hosts } = facts;
  const wanted = new Set(
    living(facts).flatMap((row) => placesOf(row).map(({ hostId }) => `${row["id"]} on ${hostId}`)),
  );
  const givenUp = abandoned(facts);
  for (const { server_id: id, host_id: host } of allocations) {
    if (!wanted.delete(`${id} on ${host}`) && !givenUp.has(id))
      yield { kind: "claim", what: `an allocation of ${id} on ${host}, which has no guest there` };
  }
  for (const place of wanted) yield { kind: "claim", what: `server ${place} has claimed nothing` };
  for (const host of hosts) {
    const mine = allocations.filter(({ host_id }) => host_id === host["id"]);
    for (const name of resources) {
      const used = Number(host[`${name}_used`]);
      const sum = mine.reduce((total, row) => total + Number(row[name]), 0);
      if (used !== sum)
        yield { kind: "claim", what: `host ${host["name"]} has ${used} ${name} used, its allocations ${sum}` };
      if (used > Number(host[`${name}_total`]))
        yield { kind: "claim", what: `host ${host["name"]} is oversold in ${name}` };
    }
  }
  for (const quota of facts.quotas) {
    const mine = allocations.filter(({ project_id }) => project_id === quota["project_id"]);
    for (const [name, column] of quotas) {
      const used = Number(quota[`${name}_used`]);
      // On two hosts at once it counts with the larger amount.
      const servers = Map.groupBy(mine, ({ server_id }) => server_id).values();
      const amounts = [...servers].map((rows) =>
        Math.max(...rows.map((row) => (column === undefined ? 1 : Number(row[column])))),
      );
      const own = facts.servers.filter((row) => isShelved(row) && row["project_id"] === quota["project_id"]);
      const sum = amounts.reduce((total, amount) => total + amount, name === "servers" ? own.length : 0);
      if (used !== sum) yield { kind: "claim", what: `the quota ${name} counts ${used}, the allocations ${sum}` };
    }
  }
}

/** What is counted of servers that share a host, against the places that they hold. */
function* groups({ allocations, groups: all, hosts, members, operations }: Facts): Iterable<Finding> {
  const claimed = new Set(allocations.map(({ server_id: id, host_id: host }) => `${id} on ${host}`));
  // While a host is fenced its group may go elsewhere. Who was not evacuated is there still when the host is back.
  const fenced = hosts.filter(({ fence }) => fence === "fenced").map(({ id }) => id);
  const returned = operations.filter(({ kind }) => kind === "host.unfence").map(({ resource_id: id }) => id);
  const mayBeLeft = new Set([...fenced, ...returned]);
  for (const { server_id: id, host_id: host } of members)
    if (!claimed.has(`${id} on ${host}`))
      yield { kind: "claim", what: `${id} holds a place in a group on ${host}, and no claim there` };
  for (const { id, name, host_id: host, placed } of all.filter(({ policy }) => policy === "affinity")) {
    const places = members.filter(({ group_id: group }) => group === id);
    if (Number(placed) !== places.length)
      yield { kind: "claim", what: `the group ${name} counts ${placed} places, its servers hold ${places.length}` };
    for (const { server_id: server, host_id: on } of places)
      if (on !== host && !mayBeLeft.has(on ?? ""))
        yield { kind: "claim", what: `${server} of the group ${name} is on ${on}, the group on ${host}` };
  }
}

/** What each server has claimed of disks, against the disks that its rows say it has; a resize in doubt claims more. */
function* disks(facts: Facts): Iterable<Finding> {
  const { allocations, dataDisks } = facts;
  const givenUp = abandoned(facts);
  const alive = new Map(living(facts).map((server) => [server["id"], server]));
  const shelved = new Set(facts.servers.filter(isShelved).map(({ id }) => id));
  for (const { id, server_id: server } of dataDisks)
    if (!alive.has(server ?? "") && !shelved.has(server ?? ""))
      yield { kind: "claim", what: `data disk ${id} of ${server}, which has no guest` };
  for (const [id, server] of alive) {
    if (server["state"] === "resized" || givenUp.has(id)) continue;
    const own = dataDisks.filter(({ server_id: of }) => of === id);
    const gib = [server["system_disk_gib"], server["ephemeral_disk_gib"], ...own.map((disk) => disk["size_gib"])];
    const sum = gib.reduce<number>((total, each) => total + Number(each), 0);
    for (const { disk_gib: claimed } of allocations.filter(({ server_id: of }) => of === id))
      if (Number(claimed) !== sum) yield { kind: "claim", what: `${id} claims ${claimed} GiB, its disks are ${sum}` };
  }
}

function* addresses(facts: Facts): Iterable<Finding> {
  const alive = new Set(living(facts).map(({ id }) => id));
  const givenUp = abandoned(facts);
  const bound = new Set(facts.bindings.map(({ id }) => id));
  const shelved = new Set(facts.servers.filter(isShelved).map(({ id }) => id));
  for (const { id, server_id: server, host_id: host, wanted } of facts.bindings) {
    if (shelved.has(server)) {
      if (wanted || host !== null)
        yield { kind: "address", what: `binding ${id} of ${server}, which is shelved, is on a host` };
    } else if (!alive.has(server)) yield { kind: "address", what: `binding ${id} of ${server}, which has no guest` };
    else if (!wanted && !givenUp.has(server)) yield { kind: "address", what: `binding ${id} of ${server} is unwanted` };
  }
  const adopted = new Set(facts.servers.filter(({ image_id: image }) => image === "").map(({ id }) => id));
  for (const id of [...alive, ...shelved]) {
    // One that was adopted may have kept the interfaces that it came with.
    if (!adopted.has(id) && !facts.bindings.some(({ server_id }) => server_id === id))
      yield { kind: "address", what: `server ${id} has no address` };
  }
  for (const { address, nic_id: nic } of facts.addresses) {
    if (!bound.has(nic)) yield { kind: "address", what: `address ${address} is kept for ${nic}, which is gone` };
  }
}

/** What is kept of servers that are on no host, disk by disk, and that nothing is kept of any other. */
function* shelves({ dataDisks, servers, shelvedImages, shelvedLayers }: Facts): Iterable<Finding> {
  const missing = new Set(
    servers.filter(isShelved).flatMap((server) => {
      const { id, ephemeral_disk_gib: ephemeral } = server;
      const own = dataDisks.filter(({ server_id: of }) => of === id).map((disk) => disk["id"]);
      return ["system", ...(ephemeral === 0 ? [] : ["ephemeral"]), ...own].map((disk) => `${disk} of ${id}`);
    }),
  );
  for (const { disk, server_id: server } of shelvedLayers) {
    if (!missing.delete(`${disk} of ${server}`))
      yield { kind: "row", what: `a layer of disk ${disk} of ${server}, which is not shelved` };
  }
  for (const disk of missing) yield { kind: "row", what: `no layer is kept of disk ${disk}, which is shelved` };
  const shelved = new Map(servers.filter(isShelved).map((server) => [server["id"], server]));
  for (const { image_id: image, server_id: server } of shelvedImages) {
    if (!shelved.has(server ?? "")) yield { kind: "row", what: `image ${image} is held for ${server}, not shelved` };
  }
  for (const [id, { image_id: image }] of shelved) {
    if (!shelvedImages.some((held) => held["server_id"] === id && held["image_id"] === image))
      yield { kind: "row", what: `image ${image} of ${id}, which is shelved, is not held` };
  }
}
