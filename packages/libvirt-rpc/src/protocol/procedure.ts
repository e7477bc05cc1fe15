import type { Layout } from "../xdr/layout.ts";

/** A part of the protocol with numbers of its own. */
export type ProgramName = "remote" | "qemu" | "lxc";

/** How to call a procedure. */
export interface Procedure<Args = unknown, Result = unknown> {
  readonly program: ProgramName;
  readonly number: number;
  readonly args: Layout<Args>;
  readonly result: Layout<Result>;
  /** The daemon has workers of their own for these, free even when all others wait for a hypervisor. */
  readonly priority: "high" | "low";
  /** The call opens a stream that the client reads from, or writes to. */
  readonly stream: "read" | "write" | undefined;
}

/** What a daemon sends without being asked. */
export interface Message<Content = unknown> {
  readonly program: ProgramName;
  readonly number: number;
  readonly content: Layout<Content>;
}

/** How to subscribe to an event. */
export interface EventSource<Content = unknown> {
  /** What libvirt calls the event's id. */
  readonly id: number;
  readonly message: Message<Content>;
  readonly register: string;
  readonly deregister: string;
  /** The argument of `register` that names whose events are wanted; `null` there means everybody's. */
  readonly filter: string;
}

export const procedure = <Args, Result>(
  program: ProgramName,
  number: number,
  args: Layout<Args>,
  result: Layout<Result>,
  traits: Partial<Pick<Procedure, "priority" | "stream">> = {},
): Procedure<Args, Result> => ({ program, number, args, result, priority: "low", stream: undefined, ...traits });

export const message = <Content>(program: ProgramName, number: number, content: Layout<Content>): Message<Content> => ({
  program,
  number,
  content,
});

export const event = <Content>(
  id: number,
  source: Message<Content>,
  calls: Pick<EventSource, "register" | "deregister" | "filter">,
): EventSource<Content> => ({ id, message: source, ...calls });
