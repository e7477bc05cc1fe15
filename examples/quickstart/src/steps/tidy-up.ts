import type { Image, Server } from "@cloudhost/core";
import { isCloudHostError } from "@cloudhost/core";
import { collect, unlessMissing } from "../answers.ts";
import type { EventOf } from "../events.ts";
import { follow, projectName } from "../tour.ts";
import type { Tour } from "../tour.ts";

/** What was half done, and became of it. */
export type PutAway = Omit<EventOf<"recovered">, "event">;

/**
 * Ends what an earlier run left half done: its operations go on by themselves, and are waited for; servers and failed
 * images are then deleted. What it finished, images above all, stays.
 */
export async function tidyUp(tour: Tour): Promise<void> {
  const { operator, say, stop } = tour;
  const { operations, servers, images } = await putAway(tour);
  if (operations.length + servers.length + images.length > 0) {
    say({ event: "recovered", operations, servers, images });
  }
  const kept = await stop.until(collect(operator.images.list({ state: "active" })));
  const history = await stop.until(collect(operator.operations.list({ limit: 1000 })));
  if (history.length > 0) say({ event: "found", images: kept.map(({ name }) => name), operations: history.length });
}

/** Ends every operation, and deletes every server and every failed image. */
export async function putAway(tour: Tour): Promise<PutAway> {
  const project = await tour.stop.until(tour.operator.projects.get(projectName).catch(unlessMissing));
  if (project === undefined) return { operations: [], servers: [], images: [] };
  return {
    operations: await endOperations(tour),
    servers: await deleteServers(tour),
    images: await deleteFailedImages(tour),
  };
}

async function endOperations(tour: Tour): Promise<PutAway["operations"]> {
  const { operator, stop } = tour;
  const ended: PutAway["operations"] = [];
  for (const state of ["running", "undoing"] as const) {
    for (const { id } of await stop.until(collect(operator.operations.list({ state })))) {
      ended.push(await endOperation(tour, id));
    }
  }
  return ended;
}

/** Waits for its end; a failure has taken back what it had done, so that is an end as well. */
async function endOperation(tour: Tour, id: string): Promise<PutAway["operations"][number]> {
  const { operator, stop } = tour;
  const { kind } = await stop.until(operator.operations.get(id));
  await follow(tour, kind, () => operator.operations.result(id)).catch((error: unknown) => {
    if (!isCloudHostError(error)) throw error;
  });
  const { state } = await stop.until(operator.operations.get(id));
  return { id, kind, state };
}

/** Deletes every server of the project, side by side. */
export async function deleteServers(tour: Tour): Promise<string[]> {
  const servers = await tour.stop.until(collect(tour.member.servers.list()));
  const ends = await Promise.allSettled(servers.map((server) => deleteServer(tour, server)));
  const failed = ends.find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return servers.map(({ name }) => name);
}

async function deleteServer(tour: Tour, { id, name }: Server): Promise<void> {
  const { member, stop } = tour;
  for (;;) {
    try {
      return await follow(tour, `deleting ${name}`, () => member.servers.delete(id));
    } catch (error) {
      if (isCloudHostError(error, "NOT_FOUND")) return;
      if (!isCloudHostError(error, "CONFLICT") || !error.retryable) throw error;
      // What was asked for just before a stop has it still.
      const busy = await stop.until(member.servers.get(id).catch(unlessMissing));
      if (busy === undefined) return;
      await endOperation(tour, busy.operationId);
    }
  }
}

async function deleteFailedImages(tour: Tour): Promise<string[]> {
  const { member, stop } = tour;
  const failed: Image[] = await stop.until(collect(member.images.list({ state: "error" })));
  for (const { id, name } of failed) {
    await follow(tour, `deleting ${name}`, () => member.images.delete(id));
  }
  return failed.map(({ name }) => name);
}
