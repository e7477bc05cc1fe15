import type { Statement } from "../database/script.ts";
import type { CloudHostError } from "../errors.ts";
import type { OperationDefinition } from "./definition.ts";

/** Who asks for an operation, and what the log says of it. A change's scope is one. */
export interface Submitter {
  readonly userId: string;
  /** The log's line, committed with the operation. */
  accepted?(what: {
    readonly resources: readonly string[];
    readonly projectId: string | null;
    readonly operationId: string;
  }): Statement;
}

/** What an operation is asked for with. */
export interface Submission {
  readonly definition: OperationDefinition;
  readonly projectId: string | null;
  readonly actor: Submitter;
  readonly resourceId: string;
  /** Id of something else that it is about, for the log. */
  readonly relatedId?: string | undefined;
  /** The host that its steps reach, where that is known already. */
  readonly hostId: string | undefined;
  readonly idempotencyKey: string | undefined;
  /** How long it may take before it is taken back, in milliseconds. @defaultValue what its kind may, else no limit */
  readonly timeoutMs?: number | undefined;
  /** What the caller sent, parsed: compared when the same key comes again. */
  readonly request: object;
  /** What the steps need, resolved. */
  readonly input: object;
  /** Where it begins, when its first steps are done with what commits with it. @defaultValue its first step */
  readonly begun?: { readonly step: string; /** What those steps returned. */ readonly context: object } | undefined;
  /** What commits with it: the row it is about, made or taken. */
  readonly statements: (operationId: string) => readonly Statement[];
  /** What a guard among those means. */
  refused(guard: string): Promise<CloudHostError>;
}

/** An operation that was accepted, or that the same key gave before. */
export interface Submitted {
  readonly id: string;
  readonly resourceId: string;
}

/** The step that it begins with, and where that is. */
export function firstStepOf({ definition, begun }: Pick<Submission, "definition" | "begun">) {
  const cursor = begun === undefined ? 0 : definition.steps.findIndex(({ name }) => name === begun.step);
  return { cursor, step: definition.steps[cursor] };
}

/**
 * The host that the first step reaches: only who reaches it can begin. It need not be the one that its server is on:
 * what is settled or fetched elsewhere says so itself.
 */
export function firstHostOf(submission: Submission): string | undefined {
  const { definition, resourceId, begun, hostId, input } = submission;
  const { step } = firstStepOf(submission);
  if (step?.type !== "act" || step.on === undefined) return hostId;
  const [resource = ""] = definition.kind.split(".");
  return (
    step.on({ input: definition.input.parse(input), [`${resource}Id`]: resourceId, ...begun?.context }) ?? undefined
  );
}

/** The log's line of a submission, where one is wanted. */
export const lineOf = (
  { actor, projectId, resourceId, relatedId }: Submission,
  operationId: string,
): readonly Statement[] => {
  const resources = relatedId === undefined ? [resourceId] : [resourceId, relatedId];
  const line = actor.accepted?.({ resources, projectId, operationId });
  return line === undefined ? [] : [line];
};
