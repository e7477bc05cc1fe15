import type { Observable } from "rxjs";
import type { Aggregates } from "./aggregates/service.ts";
import type { OperationLog } from "./audit/service.ts";
import type { CloudEvent, ReadEvents } from "./events/model.ts";
import type { Flavors } from "./flavors/service.ts";
import type { Hosts } from "./hosts/service.ts";
import type { Images } from "./images/service.ts";
import type { Keypairs } from "./keypairs/service.ts";
import type { Operations } from "./operations/service.ts";
import type { Members } from "./projects/member-service.ts";
import type { Projects } from "./projects/service.ts";
import type { QuotaRequests } from "./quotas/request-service.ts";
import type { Quotas } from "./quotas/service.ts";
import type { ServerGroups } from "./server-groups/service.ts";
import type { Servers } from "./servers/service.ts";
import type { OperationsView } from "./statistics/service.ts";
import type { Webhooks } from "./webhooks/service.ts";

/** The cloud as one actor sees it: every call is authorised as theirs, and shows what is theirs to see. */
export interface ActorCloud {
  readonly servers: Servers;
  readonly serverGroups: ServerGroups;
  readonly images: Images;
  readonly flavors: Flavors;
  readonly keypairs: Keypairs;
  readonly quotas: Quotas;
  readonly quotaRequests: QuotaRequests;
  readonly projects: Projects;
  readonly members: Members;
  readonly hosts: Hosts;
  readonly aggregates: Aggregates;
  readonly operations: Operations;
  readonly webhooks: Webhooks;
  readonly statistics: OperationsView;
  readonly log: OperationLog;
  /**
   * What happens, from a cursor on, in order; the project's own, or everything for those who act in none. An Observable,
   * and an async iterable for who deals with events slower than they come. Nothing is missed; who begins again behind the
   * last cursor that they have dealt with gets nothing twice. It fails with `CURSOR_EXPIRED` where what came behind the
   * cursor is no longer kept.
   * @example
   * ops.events({ after: lastCursor }).subscribe(({ cursor, kind, resourceId }) => console.log(cursor, kind, resourceId));
   */
  events(input?: ReadEvents): Observable<CloudEvent> & AsyncIterable<CloudEvent>;
}
