import type { Server } from "@cloudhost/core";
import { collect } from "../answers.ts";
import { follow, timed } from "../tour.ts";
import type { Tour } from "../tour.ts";

const snapshotName = "before-upgrade";

/** Makes an image of a running server's disk. Those of earlier runs are deleted: one is enough to look at. */
export async function takeSnapshot(tour: Tour, server: Server): Promise<void> {
  const { member, say, stop } = tour;
  const earlier = (await stop.until(collect(member.images.list()))).filter(({ name }) => name === snapshotName);
  const { result: snapshot, ms } = await timed(() =>
    follow(tour, "snapshot", () => member.images.snapshot(server.id, { name: snapshotName })),
  );
  for (const { id } of earlier) {
    await follow(tour, "removing an older snapshot", () => member.images.delete(id));
  }
  const { id, name, logicalBytes, storedBytes, chunks } = snapshot;
  if (logicalBytes === null || storedBytes === null || chunks === null) return;
  const removed = earlier.length;
  say({ event: "snapshot", id, name, server: server.name, logicalBytes, storedBytes, chunks, removed, ms });
}
