/** How often a step is tried when its error says that it may help: a guest's start on a host that answers late. */
export const doAttemptsMost = 3;

/** How often an undo is tried before the operation is `stuck`: with {@link backOffMs}, for about a minute. */
export const undoAttemptsMost = 7;

/** How often a decision is made anew because others took every place it named. */
export const roundsMost = 20;

/** Half a second, then twice as long each time, 32 s at the most. */
export const backOffMs = (attempt: number): number => Math.min(32_000, 500 * 2 ** (attempt - 1));
