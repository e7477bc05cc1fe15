import type { Container } from "inversify";
import { Caller } from "./access/caller.ts";
import type { ActorCloud } from "./actor-cloud.ts";
import { Aggregates } from "./aggregates/service.ts";
import { OperationLog } from "./audit/service.ts";
import { readEvents } from "./events/service.ts";
import { Flavors } from "./flavors/service.ts";
import { Hosts } from "./hosts/service.ts";
import { Images } from "./images/service.ts";
import { Keypairs } from "./keypairs/service.ts";
import { Operations } from "./operations/service.ts";
import type { Actor } from "./projects/model.ts";
import { Members } from "./projects/member-service.ts";
import { Projects } from "./projects/service.ts";
import { QuotaRequests } from "./quotas/request-service.ts";
import { Quotas } from "./quotas/service.ts";
import { ServerGroups } from "./server-groups/service.ts";
import { Servers } from "./servers/service.ts";
import { OperationsView } from "./statistics/service.ts";
import { tokens } from "./tokens.ts";
import { Webhooks } from "./webhooks/service.ts";

/** How a cloud's end reaches its actors. */
export interface CloudEnds {
  /** Aborted when it begins to close: nothing more is accepted. */
  readonly closing: AbortSignal;
  /** Aborted when all of it is closed. */
  readonly closed: AbortSignal;
}

/** What {@link Cloud.as} gives: each service with its parts, for one actor. */
export function actorCloudOf(actor: Actor, container: Container, ends: CloudEnds): ActorCloud {
  const get = container.get.bind(container);
  const [database, ids, clock, engine] = [get(tokens.database), get(tokens.ids), get(tokens.clock), get(tokens.engine)];
  const [servers, images, imageStore, projects] = [
    get(tokens.servers),
    get(tokens.images),
    get(tokens.imageStore),
    get(tokens.projects),
  ];
  const members = get(tokens.members);
  const caller = new Caller(actor, {
    projects,
    log: get(tokens.log),
    database,
    clock,
    logger: get(tokens.logger),
    policy: get(tokens.settings).policy,
    ...(get(tokens.settings).projectRoles === "members" ? { members } : {}),
    closing: ends.closing,
  });
  const events = { database, clock, written: get(tokens.outboxWritten), closed: ends.closed };
  return {
    servers: new Servers(caller, {
      database,
      servers,
      planner: get(tokens.planner),
      adoptions: get(tokens.adoptionPlanner),
      engine,
      guests: get(tokens.guestWatch),
      flavors: get(tokens.flavors),
      hosts: get(tokens.hosts),
      sizes: get(tokens.serverSizes),
      dataDisks: get(tokens.dataDisks),
      network: get(tokens.fixedNetwork),
      fleet: get(tokens.feed),
      claims: get(tokens.claims),
      networks: get(tokens.networks),
      claimChanges: get(tokens.claimChanges),
      evacuations: get(tokens.evacuations),
      ids,
      clock,
      options: get(tokens.settings).servers,
    }),
    serverGroups: new ServerGroups(caller, { database, groups: get(tokens.serverGroups), ids, clock }),
    images: new Images(caller, { database, images, servers, imageStore, engine, ids, clock }),
    flavors: new Flavors(caller, {
      database,
      flavors: get(tokens.flavors),
      ids,
      clock,
      declared: get(tokens.declaredResources),
    }),
    keypairs: new Keypairs(caller, { database, keypairs: get(tokens.keypairs), ids, clock }),
    quotas: new Quotas(caller, { database, quotas: get(tokens.quotas), projects }),
    projects: new Projects(caller, {
      engine,
      database,
      projects,
      quotas: get(tokens.quotas),
      requests: get(tokens.quotaRequests),
      ids,
      clock,
      defaultQuotas: get(tokens.settings).quotas,
    }),
    members: new Members(caller, { database, members, clock }),
    quotaRequests: new QuotaRequests(caller, {
      database,
      quotas: get(tokens.quotas),
      requests: get(tokens.quotaRequests),
      ids,
      clock,
      written: get(tokens.outboxWritten),
    }),
    hosts: new Hosts(caller, {
      database,
      hosts: get(tokens.hosts),
      feed: get(tokens.feed),
      runtime: get(tokens.runtime),
      fences: get(tokens.fences),
      fence: get(tokens.settings).fence,
      engine,
      evacuations: get(tokens.evacuations),
      clock,
      logger: get(tokens.logger),
      auditor: get(tokens.usageAuditor),
      unknownGuests: get(tokens.unknownGuestRows),
    }),
    aggregates: new Aggregates(caller, {
      database,
      aggregates: get(tokens.aggregates),
      hosts: get(tokens.hosts),
      feed: get(tokens.feed),
      ids,
      clock,
    }),
    operations: new Operations(caller, { operations: get(tokens.operations), engine }),
    webhooks: new Webhooks(caller, {
      database,
      webhooks: get(tokens.webhooks),
      deliveries: get(tokens.webhookDeliveries),
      carrier: get(tokens.webhookCarrier),
      secrets: get(tokens.webhookSecrets),
      ids,
      clock,
    }),
    statistics: new OperationsView(caller, { database, clock }),
    log: new OperationLog(caller, get(tokens.log)),
    events: (input = {}) => readEvents(caller, events, input),
  };
}
