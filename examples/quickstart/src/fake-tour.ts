import { createCloud, kbitFromMbit, systemClock } from "@cloudhost/core";
import { fakeFleet } from "@cloudhost/driver-fake";
import { fileSystemBackend, imageStore } from "@cloudhost/image-store";
import { filterScheduler } from "@cloudhost/scheduler";
import type { Say } from "./events.ts";
import { DecisionNotes } from "./placement/decision-notes.ts";
import type { Settings } from "./settings.ts";
import { openStateFolder } from "./state/state-folder.ts";
import { deleteAll, sayDone } from "./steps/clean-up.ts";
import { askForTooMuch, awaitReady, createServers } from "./steps/create-servers.ts";
import { makeGroup } from "./steps/make-group.ts";
import { importImage } from "./steps/import-image.ts";
import { makeProject, sellFlavors, sizes } from "./steps/sell-flavors.ts";
import { showHosts } from "./steps/show-hosts.ts";
import { showOperationsView, showQuotas } from "./steps/show-numbers.ts";
import { takeSnapshot } from "./steps/take-snapshot.ts";
import { tidyUp } from "./steps/tidy-up.ts";
import { waitForHosts } from "./steps/wait-for-hosts.ts";
import type { Stop } from "./stop.ts";
import { people, steps } from "./tour.ts";
import type { Tour } from "./tour.ts";

/**
 * How long a killed run's hosts and operations stay its own, in milliseconds. Short, because the folder's lock already
 * keeps a second quickstart out: in production a lease must outlast the longest pause of a process that still lives.
 */
const leaseMs = 3000;

/** The whole of it on three pretend hosts: SQLite, images in files, guests that are entries in a file. */
export async function fakeTour(settings: Settings, say: Say, stop: Stop): Promise<void> {
  const startedMs = performance.now();
  await using folder = await openStateFolder(settings.state, "fake");
  stop.throwIfStopped();
  say({
    event: "started",
    format: 1,
    driver: "fake",
    state: folder.path,
    continues: folder.continues,
    pid: process.pid,
  });
  const step = steps(say, 7);

  step("Three hosts in two zones");
  const decisions = new DecisionNotes(filterScheduler());
  const openedAtMs = systemClock().nowMs();
  const fleet = fakeFleet({ hosts: 3, zones: ["az-1", "az-2"], state: folder.fake, bootMs: 500 });
  await using cloud = await createCloud({
    database: `sqlite:${folder.database}`,
    scheduler: decisions,
    images: imageStore({ backend: fileSystemBackend(folder.images) }),
    hosts: fleet,
    leaseMs,
    drainMs: 4000,
  });
  const tour: Tour = { ...people(cloud), openedAtMs, folder, decisions, say, stop };
  await waitForHosts(
    tour,
    fleet.map(({ name }) => name),
    leaseMs,
  );
  await tidyUp(tour);
  await showHosts(tour);

  step("A project, and a disk image");
  await makeProject(tour);
  const image = await importImage(tour, settings.image);

  step("Servers of three flavors, over both zones");
  const [small = "", medium = "", large = "", huge = ""] = await sellFlavors(tour, image, [
    sizes.small,
    sizes.medium,
    sizes.large,
    sizes.huge,
  ]);
  const group = await makeGroup(tour);
  const web = { flavor: small, image: image.id, externalKbit: kbitFromMbit(10), group };
  const servers = await createServers(tour, [
    { ...web, name: "web-1", zone: "az-1" },
    { ...web, name: "web-2", zone: "az-1" },
    { ...web, name: "web-3", zone: "az-2" },
    { name: "app-1", flavor: medium, image: image.id },
    { name: "db-1", flavor: large, image: image.id },
  ]);
  await awaitReady(tour, servers, 60_000);

  step("One that no host can take");
  await askForTooMuch(tour, { name: "big-1", flavor: huge, image: image.id });

  step("A snapshot of a running server");
  const [first] = servers;
  if (first !== undefined) await takeSnapshot(tour, first);

  step("What is used, and what is left");
  await showQuotas(tour);
  await showOperationsView(tour);

  step("Everything deleted");
  await deleteAll(tour);
  await sayDone(tour, startedMs);
}
