import type { Layout, ValueOf } from "../xdr/layout.ts";
import type { EventSource, Procedure } from "./procedure.ts";
import { events, procedures } from "./table.ts";

type Procedures = typeof procedures;
type Events = typeof events;

/** A procedure of the protocol: `domainGetState`, `qemu.domainAgentCommand`, `lxc.domainOpenNamespace`. */
export type ProcedureName = keyof Procedures;

/** What a procedure takes: its arguments by name. `flags` is 0 where nothing special is wanted. */
export type ArgsOf<Name extends ProcedureName> = ValueOf<Procedures[Name]["args"]>;

/** What a procedure answers. */
export type ResultOf<Name extends ProcedureName> = ValueOf<Procedures[Name]["result"]>;

/** An event that can be subscribed to: `domainLifecycle`, `domainBlockJob2`, `networkLifecycle`. */
export type EventName = keyof Events;

type ContentOf<Event> = Event extends { readonly message: { readonly content: Layout<infer Content> } }
  ? Content
  : never;

/** What an event carries. */
export type EventOf<Name extends EventName> = ContentOf<Events[Name]>;

/** A domain as the protocol names one: by all of its name, UUID, and id, which is -1 while it does not run. */
export type DomainRef = ResultOf<"domainLookupByName">["dom"];

export const procedureOf = (name: ProcedureName): Procedure => procedures[name];

export const eventSourceOf = (name: EventName): EventSource => events[name];

/** Every procedure that can be called, with its numbers, for whoever writes tools about the protocol. */
export const procedureNames: readonly ProcedureName[] = Object.keys(procedures) as ProcedureName[];

/** Every event that can be subscribed to. */
export const eventNames: readonly EventName[] = Object.keys(events) as EventName[];
