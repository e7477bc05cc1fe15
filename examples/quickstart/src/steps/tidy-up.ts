import type { Image, Operation, Server } from "@cloudhost/core";
import { isCloudHostError } from "@cloudhost/core";
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

async function endOperations(tour: Tour): Promise<{ id: string; kind: string; state: string }[]> {
  const { operator, stop } = tour;
  const ended: { id: string; kind: string; state: string }[] = [];
  for (const { id, kind } of await unended(tour)) {
    const operation = await stop.until(operator.operations.result(id));
    await follow(tour, kind, operation).catch((error: unknown) => {
      // A failure has taken back what it had done: that is an end as well.
      if (!isCloudHostError(error)) throw error;
    });
    const { state } = await stop.until(operator.operations.get(id));
    ended.push({ id, kind, state });
  }
  return ended;
}

async function unended({ operator, stop }: Tour): Promise<Operation[]> {
  const running = await stop.until(collect(operator.operations.list({ state: "running" })));
  const undoing = await stop.until(collect(operator.operations.list({ state: "undoing" })));
  return [...running, ...undoing];
}

/** Deletes every server of the project, side by side. */
export async function deleteServers(tour: Tour): Promise<string[]> {
  const { member, stop } = tour;
  const servers: Server[] = await stop.until(collect(member.servers.list()));
  await Promise.all(
    servers.map(async ({ id, name }) => follow(tour, `deleting ${name}`, await stop.until(member.servers.delete(id)))),
  );
  return servers.map(({ name }) => name);
}

async function deleteFailedImages(tour: Tour): Promise<string[]> {
  const { member, stop } = tour;
  const failed: Image[] = await stop.until(collect(member.images.list({ state: "error" })));
  for (const { id, name } of failed) {
    await follow(tour, `deleting ${name}`, await stop.until(member.images.delete(id)));
  }
  return failed.map(({ name }) => name);
}

/** A whole list. */
export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** `undefined` for what is not there yet. */
export function unlessMissing(error: unknown): undefined {
  if (!isCloudHostError(error, "NOT_FOUND")) throw error;
}
