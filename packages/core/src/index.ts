/**
 * A virtual machine service to embed: `createCloud`, and everything of `@cloudhost/core/ports`.
 *
 * @packageDocumentation
 */
export * from "./ports/index.ts";
export { permissions } from "./access/permissions.ts";
export type { ChangePermission, Permission, ReadPermission } from "./access/permissions.ts";
export type { Policy, PolicyAnswer, PolicyRequest } from "./access/policy.ts";
export type { Listing, ListPage } from "./access/listing.ts";
export type { OperationLog } from "./audit/service.ts";
export type { ActorCloud } from "./actor-cloud.ts";
export type { Aggregates } from "./aggregates/service.ts";
export { createCloud } from "./cloud.ts";
export type { Cloud } from "./cloud.ts";
export type { CloudOptions } from "./cloud-options.ts";
export type { Flavors } from "./flavors/service.ts";
export type { DeclaredResourcesOption } from "./hosts/declared-resources.ts";
export type { Hosts } from "./hosts/service.ts";
export type { Images } from "./images/service.ts";
export type { Keypairs } from "./keypairs/service.ts";
export { defaultBandwidthPolicy } from "./networks/bandwidth-policy.ts";
export type { BandwidthPolicy, ServerBandwidth } from "./networks/bandwidth-policy.ts";
export type { OnBoundary } from "./operations/boundary.ts";
export { operationBoundaries } from "./operations/module.ts";
export type { OperationHandle } from "./operations/handle.ts";
export type { Operations } from "./operations/service.ts";
export type { Members } from "./projects/member-service.ts";
export type { Projects } from "./projects/service.ts";
export type { QuotaRequests } from "./quotas/request-service.ts";
export type { Quotas } from "./quotas/service.ts";
export type { ServerGroups } from "./server-groups/service.ts";
export { serverActions } from "./servers/actions.ts";
export type { ServerActionName, ServerActionRule } from "./servers/actions.ts";
export type { Servers } from "./servers/service.ts";
export type { OperationsView } from "./statistics/service.ts";
export type { Webhooks } from "./webhooks/service.ts";
export { token, tokens } from "./tokens.ts";
