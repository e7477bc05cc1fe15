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

/** Where a subscription's messages go, and what they are signed with. */
export interface WebhookTarget {
  /** `https://…` or `http://…` */
  readonly url: string;
  /** Each signs each message: two while a secret is being changed. */
  readonly secrets: readonly string[];
}

/**
 * Carries notifications to the addresses that the users of a cloud name. It is not trusted with them: an address within
 * the operator's own network is refused unless it was allowed, at every attempt, after its name was resolved.
 */
export interface WebhookCarrier {
  /**
   * Whether messages may go there, as far as can be said without asking the network.
   * @throws CloudHostError `INVALID_ARGUMENT` for what is no address, or one that is never allowed
   */
  check(url: string): void;
  /**
   * What carries to that address. One attempt a call: who calls tries again.
   * @throws CloudHostError `INVALID_ARGUMENT`
   */
  open(target: WebhookTarget): Notifier;
}
