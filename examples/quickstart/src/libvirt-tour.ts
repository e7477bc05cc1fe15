import { EventEmitter } from "node:events";
import { createCloud, host, kbitFromMbit, systemClock } from "@cloudhost/core";
import { libvirt } from "@cloudhost/driver-libvirt";
import { fileSystemBackend, imageStore } from "@cloudhost/image-store";
import { linuxNetwork, removeLinuxNetwork } from "@cloudhost/network-qos";
import { filterScheduler } from "@cloudhost/scheduler";
import type { Say } from "./events.ts";
import { readCores } from "./libvirt/cores.ts";
import { daemonAt, startDaemon } from "./libvirt/daemon.ts";
import { findGuest, importGuest } from "./libvirt/guest-image.ts";
import { readBack } from "./libvirt/read-back.ts";
import { addUplinks } from "./libvirt/uplinks.ts";
import { DecisionNotes } from "./placement/decision-notes.ts";
import type { Settings } from "./settings.ts";
import { openStateFolder } from "./state/state-folder.ts";
import { deleteAll, sayDone } from "./steps/clean-up.ts";
import { askForTooMuch, awaitReady, createServers } from "./steps/create-servers.ts";
import { makeProject, sellFlavors } from "./steps/sell-flavors.ts";
import { showHosts } from "./steps/show-hosts.ts";
import { showOperationsView, showQuotas } from "./steps/show-numbers.ts";
import { takeSnapshot } from "./steps/take-snapshot.ts";
import { putAway, tidyUp } from "./steps/tidy-up.ts";
import { waitForHosts } from "./steps/wait-for-hosts.ts";
import { Stop } from "./stop.ts";
import { people, steps } from "./tour.ts";
import type { Tour } from "./tour.ts";

const leaseMs = 3000;
const hostName = "this-host";
/** As an E5-2650's: what a core of this machine yields nobody has measured. */
const estimatedMilliEcuPerCore = 4000;
/** In emulation a guest takes some seconds to boot, and minutes on a busy machine. */
const bootTimeoutMs = 300_000;

/** What one host can do with real guests, in the namespaces that this process is in. */
export async function libvirtTour(settings: Settings, say: Say, stop: Stop): Promise<void> {
  const startedMs = performance.now();
  await using folder = await openStateFolder(settings.state, "libvirt");
  stop.throwIfStopped();
  const { path: state, continues } = folder;
  say({ event: "started", format: 1, driver: "libvirt", state, continues, pid: process.pid });
  const step = steps(say, 8);
  const guest = await findGuest(stop.signal);

  step("A hypervisor and a network of its own");
  await using uplinks = await addUplinks();
  const { internal, external } = uplinks;
  const network = { internal, external, internalKbit: kbitFromMbit(1000), externalKbit: kbitFromMbit(1000) };
  await using _network = { [Symbol.asyncDispose]: () => removeLinuxNetwork(network) };
  stop.throwIfStopped();
  await using daemon = settings.uri === undefined ? await startDaemon(folder) : daemonAt(settings.uri);
  stop.throwIfStopped();
  const { socketPath, virtType, pidFolder } = daemon;
  say({ event: "daemon", socket: socketPath, pid: daemon.pid ?? null, virtType });

  step("One host");
  const cores = await readCores();
  const reservedCores = cores.length > 1 ? 1 : 0;
  const decisions = new DecisionNotes(filterScheduler());
  const openedAtMs = systemClock().nowMs();
  await using cloud = await createCloud({
    database: `sqlite:${folder.database}`,
    scheduler: decisions,
    images: imageStore({ backend: fileSystemBackend(folder.images) }),
    hosts: [
      host({
        name: hostName,
        zone: "az-1",
        reserve: {
          cores: reservedCores,
          memoryMib: 1024,
          diskGib: 2,
          internalKbit: kbitFromMbit(100),
          externalKbit: 0,
        },
        compute: libvirt({ socketPath, virtType, milliEcuPerCore: estimatedMilliEcuPerCore }),
        network: linuxNetwork(network),
      }),
    ],
    // Set aside for trials of networks: with --uri it is this computer's own network that gets it.
    network: { cidr: "198.18.0.0/16" },
    leaseMs,
    drainMs: 4000,
  });
  const tour: Tour = { ...people(cloud), openedAtMs, folder, decisions, say, stop };
  await using _guests = leaveNoGuest(tour);
  await waitForHosts(tour, [hostName], leaseMs);
  await tidyUp(tour);
  await showHosts(tour);

  step("A project, and a guest of Debian's kernel and busybox");
  await makeProject(tour);
  const image = await importGuest(tour, guest);

  step("Servers of 1 vCPU × 1 EUCU and 1 vCPU × 2 EUCU");
  const { inventory } = await stop.until(tour.operator.hosts.get(hostName));
  if (inventory === null) throw new Error("a host that is up has reported what it has");
  const tooMany = inventory.guestCores + 1;
  const size = { memoryMib: 256, systemDiskGib: 1 };
  const [single = "", double = "", huge = ""] = await sellFlavors(tour, image, [
    { ...size, vcpus: 1, ecuPerVcpu: 1 },
    { ...size, vcpus: 1, ecuPerVcpu: 2 },
    { ...size, vcpus: tooMany, ecuPerVcpu: 1 },
  ]);
  const servers = await createServers(tour, [
    { name: "web-1", flavor: single, image: image.id, externalKbit: kbitFromMbit(10) },
    { name: "web-2", flavor: double, image: image.id },
  ]);
  await awaitReady(tour, servers, bootTimeoutMs);

  step("What the kernel holds them to");
  await readBack(tour, servers, { inventory, cores, reservedCores, pidFolder, greeting: guest.greeting });

  step("One that this host cannot take");
  await askForTooMuch(tour, { name: "big-1", flavor: huge, image: image.id });

  step("A snapshot of a running server");
  const [first] = servers;
  if (first !== undefined) await takeSnapshot(tour, first);

  step("What is used, and everything deleted");
  await showQuotas(tour);
  await showOperationsView(tour);
  await deleteAll(tour);
  await sayDone(tour, startedMs);
}

/** Guests are real here: however the tour ends, none of them is left. */
const leaveNoGuest = (tour: Tour): AsyncDisposable => ({
  async [Symbol.asyncDispose]() {
    using unstoppable = new Stop(new EventEmitter());
    await putAway({ ...tour, say: () => {}, stop: unstoppable });
  },
});
