import { Observable } from "rxjs";
import type { CloudHostError } from "../errors.ts";
import type { OperationProgress, OperationState } from "./model.ts";

/** How an operation ended. */
export interface OperationEnd {
  readonly state: Extract<OperationState, "succeeded" | "failed" | "stuck">;
  readonly error: CloudHostError | undefined;
}

/** Where handles get their news: this process's runs, and the journal for those of others. */
export interface OperationWatch {
  /** Every change from now on, beginning with how it is; completes when it has ended. */
  watch(operationId: string): Observable<OperationProgress>;
  /** Resolves when it has ended. */
  ended(operationId: string): Promise<OperationEnd>;
}

/**
 * An operation under way: watch it, or await its result. Forgetting the handle changes nothing: the operation goes on,
 * and `operations.get(id)` finds it again.
 */
export class OperationHandle<Result> {
  readonly id: string;
  /** The server or image that it is about. */
  readonly resourceId: string;
  /** How far it is; completes when it has ended, however it did. */
  readonly progress: Observable<OperationProgress>;
  readonly #ended: () => Promise<OperationEnd>;
  readonly #result: () => Promise<Result>;

  constructor(watch: OperationWatch, id: string, resourceId: string, result: () => Promise<Result>) {
    this.id = id;
    this.resourceId = resourceId;
    this.progress = new Observable((subscriber) => watch.watch(id).subscribe(subscriber));
    this.#ended = () => watch.ended(id);
    this.#result = result;
  }

  /**
   * Resolves with what came of it, once it is done.
   * @throws CloudHostError why it failed, everything it had done taken back; `retryable` as the error says
   */
  async result(): Promise<Result> {
    const { error } = await this.#ended();
    if (error !== undefined) throw error;
    return this.#result();
  }
}
