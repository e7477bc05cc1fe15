import { expect, it } from "vitest";
import { seededRandom } from "../../src/agent/seeded-random.ts";
import { NetworkRenderer } from "../../src/networks/renderer.ts";
import type { RenderedBase } from "../../src/networks/renderer.ts";
import { NetworkStore } from "../../src/networks/store.ts";
import { applyNetworkChanges, emptyHostNetwork } from "../../src/ports/network-driver.ts";
import type { HostNetwork } from "../../src/ports/network-driver.ts";
import { script, statement } from "../../src/database/script.ts";
import { overDatabases } from "../support/databases.ts";
import { inventory, serverRow, testFleet } from "../support/fleet.ts";

const limits = { servers: -1, vcpus: -1, milliEcu: -1, memoryMib: -1, externalKbit: -1 };

overDatabases((open) => {
  async function prepared() {
    const database = await open();
    const fleet = await testFleet(database, { hosts: 3 });
    for (const [index, id] of fleet.hostIds.entries()) {
      const moved = { ...inventory, internalAddress: `198.18.0.${index + 1}` };
      await database.run(fleet.hosts.setInventory(id, moved));
    }
    const other = { id: fleet.ids.next("prj"), name: "video", createdAtMs: 1 };
    await database.run(fleet.projects.create(other, limits));
    const networks = new NetworkStore(database, fleet.ids);
    const network = await networks.ensure({ name: "fixed", cidr: "10.9.0.0/24" });
    const renderer = new NetworkRenderer(database);
    const projectIds = [fleet.project.id, other.id];
    const add = async (hostId: string, projectId: string): Promise<string> => {
      const id = fleet.ids.next("srv");
      await database.run(script(serverRow(database, id, projectId)));
      await database.run(networks.bind(id, hostId, { projectId, networkId: network.id }));
      await database.run(networks.want(id, hostId, projectId, true));
      return id;
    };
    return { database, fleet, networks, renderer, projectIds, add };
  }

  /** A host's network as its agent has it: brought on from one rendering to the next. */
  const follower = (renderer: NetworkRenderer, hostId: string) => {
    let base: RenderedBase | undefined;
    let network: HostNetwork = emptyHostNetwork;
    return async (): Promise<{ network: HostNetwork; changes: number; whole: HostNetwork }> => {
      const step = base === undefined ? undefined : await renderer.since(hostId, base);
      const rendered = step ?? (await renderer.whole(hostId));
      network = applyNetworkChanges(step === undefined ? emptyHostNetwork : network, rendered.changes);
      base = rendered;
      const whole = applyNetworkChanges(emptyHostNetwork, (await renderer.whole(hostId)).changes);
      return { network, changes: rendered.changes.length, whole };
    };
  };

  it("leads to the same network by what changed as by the whole, whatever comes and goes", async () => {
    const { database, fleet, networks, renderer, projectIds, add } = await prepared();
    const random = seededRandom(7);
    const any = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
    const followers = fleet.hostIds.map((hostId) => follower(renderer, hostId));
    const servers: { id: string; hostId: string; projectId: string }[] = [];
    for (let round = 0; round < 40; round += 1) {
      for (let count = Math.floor(random() * 4); count >= 0; count -= 1) {
        if (servers.length < 3 || random() < 0.5) {
          const [hostId, projectId] = [any(fleet.hostIds), any(projectIds)];
          servers.push({ id: await add(hostId, projectId), hostId, projectId });
        } else {
          const [gone] = servers.splice(Math.floor(random() * servers.length), 1);
          if (gone === undefined) continue;
          await database.run(networks.want(gone.id, gone.hostId, gone.projectId, false));
          // Its address goes to the next that comes.
          await database.run(networks.releaseOnceUnbound(gone.id));
        }
      }
      for (const follow of followers.filter(() => random() < 0.6)) {
        const { network, whole } = await follow();
        expect(network).toEqual(whole);
      }
    }
  });

  it("costs what has changed, not what there is", async () => {
    const { fleet, renderer, projectIds, add } = await prepared();
    const [hostId = "", elsewhere = ""] = fleet.hostIds;
    const [projectId = ""] = projectIds;
    for (let count = 0; count < 10; count += 1) await add(count % 2 === 0 ? hostId : elsewhere, projectId);
    const follow = follower(renderer, hostId);
    expect(await follow()).toMatchObject({ changes: 15 });
    await add(elsewhere, projectId);
    expect(await follow()).toMatchObject({ changes: 1 });
    await add(hostId, projectId);
    expect(await follow()).toMatchObject({ changes: 2 });
  });

  it("tells what has changed of a binding that is wanted already", async () => {
    const { database, fleet, networks, renderer, projectIds, add } = await prepared();
    const [hostId = ""] = fleet.hostIds;
    const [projectId = ""] = projectIds;
    const serverId = await add(hostId, projectId);
    const follow = follower(renderer, hostId);
    await follow();
    const { servers } = database.tables;
    await database.run(script(statement(`UPDATE ${servers} SET internal_ceil_kbit = 77777 WHERE id = ?`, [serverId])));
    await database.run(networks.want(serverId, hostId, projectId, true));
    const { network } = await follow();
    expect([...network.bindings.values()]).toMatchObject([{ serverId, internal: { ceilKbit: 77_777 } }]);
  });

  it("says that the log does not reach back so far", async () => {
    const { database, fleet, renderer, projectIds, add } = await prepared();
    const [hostId = ""] = fleet.hostIds;
    const [projectId = ""] = projectIds;
    await add(hostId, projectId);
    const base = await renderer.whole(hostId);
    await add(hostId, projectId);
    await add(hostId, projectId);
    const { network_log: log } = database.tables;
    await database.run(script(statement(`DELETE FROM ${log} WHERE revision < (SELECT MAX(revision) FROM ${log})`)));
    expect(await renderer.since(hostId, base)).toBeUndefined();
  });

  it("keeps the log's newest when it forgets", async () => {
    const { database, fleet, networks, renderer, projectIds, add } = await prepared();
    const [hostId = ""] = fleet.hostIds;
    const [projectId = ""] = projectIds;
    await add(hostId, projectId);
    const base = await renderer.whole(hostId);
    await database.run(networks.forgetOld());
    await add(hostId, projectId);
    expect((await renderer.since(hostId, base))?.changes).toHaveLength(2);
  });
});
