import { isCloudHostError } from "@cloudhost/core";
import type { CreateServer, Server } from "@cloudhost/core";
import { turnedAwayOf } from "../placement/decision-notes.ts";
import { follow, timed } from "../tour.ts";
import type { Tour } from "../tour.ts";

/** Creates servers one after another, and tells where each went and why. */
export async function createServers(tour: Tour, wanted: readonly CreateServer[]): Promise<Server[]> {
  const servers: Server[] = [];
  for (const input of wanted) servers.push(await createServer(tour, input));
  return servers;
}

async function createServer(tour: Tour, input: CreateServer): Promise<Server> {
  const { operator, member, decisions, say, stop } = tour;
  const { result: server, ms } = await timed(() => follow(tour, input.name, () => member.servers.create(input)));
  // Only operators learn which host it is.
  const { host, zone } = await stop.until(operator.servers.get(server.id));
  say({
    event: "server",
    id: server.id,
    name: server.name,
    flavor: server.flavor,
    asked: input.zone ?? null,
    zone: zone ?? "",
    host: host ?? "",
    address: server.addresses[0]?.address ?? "",
    externalKbit: input.externalKbit ?? 0,
    why: decisions.of(server.name) ?? { candidates: [], turnedAway: [] },
    ms,
  });
  return server;
}

/** Waits until the operating systems of all have booted. */
export async function awaitReady(
  { member, say, stop }: Tour,
  servers: readonly Server[],
  timeoutMs: number,
): Promise<void> {
  const { ms } = await timed(() =>
    stop.until(Promise.all(servers.map(({ id }) => member.servers.ready(id, { timeoutMs })))),
  );
  say({ event: "ready", servers: servers.map(({ name }) => name), ms });
}

/** Asks for a server that no host can take, and shows the answer. */
export async function askForTooMuch(tour: Tour, input: CreateServer): Promise<void> {
  const { member, say } = tour;
  try {
    await follow(tour, input.name, () => member.servers.create(input));
  } catch (error) {
    if (!isCloudHostError(error, "NO_VALID_HOST")) throw error;
    say({
      event: "refused",
      name: input.name,
      flavor: input.flavor,
      code: error.code,
      text: error.message,
      turnedAway: turnedAwayOf(error.details.explanation),
    });
  }
}
