import type { Role } from "../projects/model.ts";

const everybody = ["member", "projectAdmin", "operator", "auditor", "system"] as const;
const users = ["member", "projectAdmin", "operator", "system"] as const;
const operators = ["operator", "system"] as const;
const watchers = ["operator", "auditor", "system"] as const;

/**
 * Who may call what: the one table. Each public method asks for its own line before it does anything. Whoever may call
 * a method still sees only their project's things, unless they are an operator, an auditor or the system.
 */
export const permissions = {
  "aggregates.addHost": operators,
  "aggregates.create": operators,
  "aggregates.delete": operators,
  "aggregates.get": watchers,
  "aggregates.list": watchers,
  "aggregates.removeHost": operators,
  "aggregates.setProperties": operators,
  "events.read": everybody,
  "flavors.create": operators,
  "flavors.delete": operators,
  "flavors.get": everybody,
  "flavors.list": everybody,
  "hosts.delete": operators,
  "hosts.disable": operators,
  "hosts.enable": operators,
  "hosts.get": watchers,
  "hosts.list": watchers,
  "images.delete": users,
  "images.export": users,
  "images.get": everybody,
  "images.import": users,
  "images.list": everybody,
  "images.snapshot": users,
  "keypairs.delete": users,
  "keypairs.generate": users,
  "keypairs.get": everybody,
  "keypairs.import": users,
  "keypairs.list": everybody,
  "operations.get": everybody,
  "operations.list": everybody,
  "operations.result": everybody,
  "projects.create": operators,
  "projects.get": everybody,
  "projects.list": watchers,
  "quotas.get": everybody,
  "quotas.set": operators,
  "servers.console": users,
  "serverGroups.create": users,
  "serverGroups.delete": users,
  "serverGroups.get": everybody,
  "serverGroups.list": everybody,
  "servers.create": users,
  "servers.delete": users,
  "servers.get": everybody,
  "servers.list": everybody,
  "servers.lock": users,
  "servers.pause": users,
  "servers.ready": everybody,
  "servers.reboot": users,
  "servers.resume": users,
  "servers.start": users,
  "servers.stop": users,
  "servers.suspend": users,
  "servers.unlock": users,
  "servers.unpause": users,
  "servers.update": users,
  "statistics.now": watchers,
} as const satisfies Record<string, readonly Role[]>;

/** A line of {@link permissions}: the method's name behind its resource's. */
export type Permission = keyof typeof permissions;
