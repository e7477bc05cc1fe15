import type { Role } from "../projects/model.ts";

const everybody = ["member", "projectAdmin", "operator", "auditor", "system"] as const;
const users = ["member", "projectAdmin", "operator", "system"] as const;
const operators = ["operator", "system"] as const;
const admins = ["projectAdmin", "operator", "system"] as const;
const watchers = ["operator", "auditor", "system"] as const;

/** What a method does, and who may call it. */
interface Rule<Effect extends string> {
  /**
   * `reads`: changes nothing. `changes`: the product's policy is asked first, and the log has a line of it. `grows`:
   * changes, and is refused while the project is suspended.
   */
  readonly effect: Effect;
  readonly roles: readonly Role[];
}
const reads = (roles: readonly Role[]): Rule<"reads"> => ({ effect: "reads", roles });
const changes = (roles: readonly Role[]): Rule<"changes"> => ({ effect: "changes", roles });
const grows = (roles: readonly Role[]): Rule<"grows"> => ({ effect: "grows", roles });

/**
 * Who may call what: the one table. Each public method asks for its own line before it does anything. Whoever may call
 * a method still sees only their project's things, unless they are an operator, an auditor or the system.
 */
export const permissions = {
  "aggregates.addHost": changes(operators),
  "aggregates.create": changes(operators),
  "aggregates.delete": changes(operators),
  "aggregates.get": reads(watchers),
  "aggregates.list": reads(watchers),
  "aggregates.removeHost": changes(operators),
  "aggregates.setProperties": changes(operators),
  "events.read": reads(everybody),
  "flavors.create": changes(operators),
  "flavors.delete": changes(operators),
  "flavors.get": reads(everybody),
  "flavors.list": reads(everybody),
  "hosts.auditUsage": reads(watchers),
  "hosts.delete": changes(operators),
  "hosts.disable": changes(operators),
  "hosts.enable": changes(operators),
  "hosts.evacuate": changes(operators),
  "hosts.fence": changes(operators),
  "hosts.get": reads(watchers),
  "hosts.list": reads(watchers),
  "hosts.repairUsage": changes(operators),
  "hosts.unfence": changes(operators),
  "hosts.unknownGuests": reads(watchers),
  "images.delete": changes(users),
  "images.export": changes(users),
  "images.get": reads(everybody),
  "images.import": grows(users),
  "images.list": reads(everybody),
  "images.snapshot": grows(users),
  "images.update": changes(users),
  "keypairs.delete": changes(users),
  "keypairs.generate": grows(users),
  "keypairs.get": reads(everybody),
  "keypairs.import": grows(users),
  "keypairs.list": reads(everybody),
  "log.export": reads(everybody),
  "log.list": reads(everybody),
  "members.add": changes(admins),
  "members.list": reads(everybody),
  "members.remove": changes(admins),
  "members.setRole": changes(admins),
  "operations.abandon": changes(operators),
  "operations.cancel": changes(users),
  "operations.get": reads(everybody),
  "operations.list": reads(everybody),
  "operations.result": reads(everybody),
  "operations.retry": changes(users),
  "projects.create": changes(operators),
  "projects.delete": changes(operators),
  "projects.get": reads(everybody),
  "projects.list": reads(watchers),
  "projects.rename": changes(operators),
  "projects.resume": changes(operators),
  "projects.summary": reads(everybody),
  "projects.suspend": changes(operators),
  "quotaRequests.approve": changes(operators),
  "quotaRequests.create": changes(users),
  "quotaRequests.get": reads(everybody),
  "quotaRequests.list": reads(everybody),
  "quotaRequests.reject": changes(operators),
  "quotaRequests.withdraw": changes(users),
  "quotas.get": reads(everybody),
  "quotas.set": changes(operators),
  "serverGroups.create": grows(users),
  "serverGroups.delete": changes(users),
  "serverGroups.get": reads(everybody),
  "serverGroups.list": reads(everybody),
  "servers.adopt": grows(operators),
  "servers.attachInterface": grows(users),
  "servers.confirmResize": changes(users),
  "servers.console": reads(users),
  "servers.create": grows(users),
  "servers.createDisk": grows(users),
  "servers.delete": changes(users),
  "servers.deleteDisk": changes(users),
  "servers.detachInterface": changes(users),
  "servers.evacuate": changes(operators),
  "servers.get": reads(everybody),
  "servers.list": reads(everybody),
  "servers.lock": changes(users),
  "servers.migrate": changes(operators),
  "servers.pause": changes(users),
  "servers.ready": reads(everybody),
  "servers.reboot": changes(users),
  "servers.rebuild": changes(users),
  "servers.rescue": changes(users),
  "servers.restore": changes(users),
  "servers.resize": grows(users),
  "servers.resume": changes(users),
  "servers.revertResize": changes(users),
  "servers.shelve": changes(users),
  "servers.start": changes(users),
  "servers.stop": changes(users),
  "servers.suspend": changes(users),
  "servers.unlock": changes(users),
  "servers.unpause": changes(users),
  "servers.unrescue": changes(users),
  "servers.unshelve": grows(users),
  "servers.update": changes(users),
  "statistics.now": reads(watchers),
  "webhooks.create": grows(users),
  "webhooks.delete": changes(users),
  "webhooks.deliveries": reads(everybody),
  "webhooks.get": reads(everybody),
  "webhooks.list": reads(everybody),
  "webhooks.redeliver": changes(users),
  "webhooks.resume": changes(users),
  "webhooks.rotateSecret": changes(users),
  "webhooks.test": changes(users),
  "webhooks.update": changes(users),
} as const satisfies Record<string, Rule<"reads" | "changes" | "grows">>;

/** A line of {@link permissions}: the method's name behind its resource's. */
export type Permission = keyof typeof permissions;

/** The lines of methods that change nothing: they ask `caller.may`. */
export type ReadPermission = {
  [Name in Permission]: (typeof permissions)[Name]["effect"] extends "reads" ? Name : never;
}[Permission];

/** The lines of methods that change something: they go through `caller.change`, which asks the policy and keeps the log. */
export type ChangePermission = Exclude<Permission, ReadPermission>;
