import { createHash } from "node:crypto";
import type { z } from "zod";
import { notFound, projectOf } from "../access/caller.ts";
import type { ChangeScope } from "../access/caller.ts";
import type { Script } from "../database/script.ts";
import { CloudHostError, isCloudHostError } from "../errors.ts";
import type { Placed } from "../hosts/claims.ts";
import { roundsMost } from "../operations/retry.ts";
import type { Submission, Submitted } from "../operations/submission.ts";
import { groupGone } from "../server-groups/store.ts";
import type { CreateServers } from "./model.ts";
import { claimOf } from "./operations/claim-plan.ts";
import { createServer, oncePlaced, placeAskedFor } from "./operations/create-server.ts";
import type { CreateServerPlan } from "./operations/create-server.ts";
import type { ServersDependencies } from "./server-calls.ts";

/** A server to be, and what it is asked for with. */
interface PlannedServer {
  readonly serverId: string;
  readonly plan: CreateServerPlan;
  readonly submission: Submission;
}

/**
 * Accepts several servers that are alike: their rows and operations commit together. With `allOrNothing` so do their
 * claims and addresses, and each operation begins behind the steps that would make them.
 * @throws CloudHostError as `servers.create`
 */
export async function createServers(
  dependencies: ServersDependencies,
  scope: ChangeScope,
  request: z.output<typeof CreateServers>,
): Promise<readonly Submitted[]> {
  const projectId = projectOf(scope).id;
  const asked = Array.from({ length: request.count }, (_, index) => {
    const idempotencyKey = keyOf(request.idempotencyKey, index);
    return { definition: createServer, projectId, idempotencyKey, request };
  });
  const earlier = await dependencies.engine.earlierAll(asked);
  if (earlier !== undefined) return earlier;
  const planned = await planAll(dependencies, scope, request, asked);
  if (request.allOrNothing) return submitPlaced(dependencies, planned);
  return dependencies.engine.submitAll(planned.map(({ submission }) => submission));
}

type Asked = Pick<Submission, "definition" | "projectId" | "idempotencyKey" | "request">;

/** Resolves the request once, and numbers what comes of it. */
async function planAll(
  { planner, servers, ids }: ServersDependencies,
  scope: ChangeScope,
  request: z.output<typeof CreateServers>,
  asked: readonly Asked[],
): Promise<readonly PlannedServer[]> {
  const first = await planner.plan(request, projectOf(scope).id, scope.userId);
  return asked.map((one, index) => {
    const serverId = index === 0 ? first.serverId : ids.next("srv");
    const name = `${request.name}-${index + 1}`;
    const numbered = { ...first.plan, name };
    const row = { ...first.row, id: serverId, name };
    const submission: Submission = {
      ...one,
      actor: scope,
      resourceId: serverId,
      hostId: undefined,
      timeoutMs: request.timeoutMs,
      input: numbered,
      statements: (operationId) => [
        ...(index === 0 ? first.guards : []),
        servers.insert({ ...row, operation_id: operationId }),
        ...servers.tags.put(row, request.tags ?? {}),
        ...first.seedFor(serverId, name),
      ],
      refused: async () => notFound("server group", request.group ?? ""),
    };
    return { serverId, plan: numbered, submission };
  });
}

/** Places all, and commits their claims and addresses with them; where others were faster, they are placed anew. */
async function submitPlaced(
  dependencies: ServersDependencies,
  planned: readonly PlannedServer[],
): Promise<readonly Submitted[]> {
  for (let round = 1; ; round += 1) {
    try {
      return await submitAt(dependencies, await hostsFor(dependencies, planned));
    } catch (error) {
      if (round === roundsMost || !isCloudHostError(error, "EXHAUSTED") || !error.retryable) throw error;
    }
  }
}

async function hostsFor(
  { fleet }: ServersDependencies,
  planned: readonly PlannedServer[],
): Promise<readonly (PlannedServer & Placed)[]> {
  const [first] = planned;
  if (first === undefined) return [];
  const servers = planned.map(({ plan: { name }, serverId }) => ({ seed: serverId, serverName: name }));
  const hostIds = await fleet.decideAll(placeAskedFor(first.serverId, first.plan), servers);
  return planned.map((server, index) => ({ ...server, hostId: hostIds[index] ?? "" }));
}

async function submitAt(
  { claims, engine, networks, servers }: ServersDependencies,
  placed: readonly (PlannedServer & Placed)[],
): Promise<readonly Submitted[]> {
  const [first] = placed;
  if (first === undefined) return [];
  const claim = claims.takeAll(placed, claimOf(first.plan));
  const bound = placed.map(({ serverId, hostId, plan: input }) => networks.bind(serverId, hostId, input));
  const all: Script = {
    ...claim,
    statements: [
      ...claim.statements,
      ...bound.flatMap(({ statements }) => statements),
      ...placed.map(({ serverId, hostId }) => servers.place(serverId, hostId)),
    ],
  };
  const refused = async (guard: string): Promise<CloudHostError> => {
    if (guard === groupGone) return first.submission.refused(guard);
    const binds = guard === "address" || guard === "binding";
    const why = await (binds ? bound[0] : claim)?.refused?.(guard);
    return isCloudHostError(why) ? why : othersWereFaster();
  };
  const submissions = placed.map(({ hostId, submission }) => ({
    ...submission,
    hostId,
    begun: oncePlaced(hostId),
    refused,
  }));
  return engine.submitAll(submissions, all);
}

/** Each operation has a key of its own. Behind the first they begin with what no caller can write, so that none collides. */
function keyOf(key: string | undefined, index: number): string | undefined {
  if (key === undefined || index === 0) return key;
  return `\u0001${createHash("sha256").update(key).digest("hex")}/${index}`;
}

const othersWereFaster = (): CloudHostError => {
  const resource = "places that are still free when they are claimed";
  return new CloudHostError(
    "EXHAUSTED",
    "Others were faster at places that were free.",
    { resource },
    { retryable: true },
  );
};
