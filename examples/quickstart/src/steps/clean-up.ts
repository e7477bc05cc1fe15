import { collect } from "../answers.ts";
import { timed } from "../tour.ts";
import type { Tour } from "../tour.ts";
import { deleteServers } from "./tidy-up.ts";

/** Deletes all servers, those in state `error` included. */
export async function deleteAll(tour: Tour): Promise<void> {
  const { result: servers, ms } = await timed(() => deleteServers(tour));
  tour.say({ event: "deleted", servers, ms });
}

/** What is left: images, and the history. */
export async function sayDone({ operator, folder, say, stop }: Tour, startedMs: number): Promise<void> {
  const images = await stop.until(collect(operator.images.list({ state: "active" })));
  const operations = await stop.until(collect(operator.operations.list({ limit: 1000 })));
  const ms = Math.round(performance.now() - startedMs);
  say({ event: "done", ms, state: folder.path, images: images.length, operations: operations.length });
}
