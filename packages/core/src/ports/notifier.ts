/** What somebody shall be told. */
export interface Notification {
  /** Unique: a repeat with the same id is the same notification, and a receiver may drop it. */
  readonly id: string;
  readonly kind: string;
  readonly atMs: number;
  /** JSON. */
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * Carries notifications to one place. At least once: after an error the caller tries again. Disposing cancels what is
 * under way. Prove an implementation with `describeNotifier`.
 * @throws CloudHostError `INVALID_ARGUMENT` for what is no notification, `HOST_UNAVAILABLE`, `retryable` when trying
 * again may help, `CANCELLED` when the signal fires or the notifier is disposed of
 */
export interface Notifier extends AsyncDisposable {
  readonly name: string;
  /** Resolves when the place has taken it. */
  notify(notification: Notification, signal?: AbortSignal): Promise<void>;
}
