/**
 * An object store, as little of it as chunks need. Keys are slash-separated segments of `[a-z0-9._-]`, never starting
 * with a dot. An object is whole or not there; putting what is there already is no error. A conditional put is not
 * relied on: what is put under a key is always the same bytes, or a pointer that only one writer changes.
 * Prove an implementation with `describeChunkBackend`.
 *
 * @throws CloudHostError `HOST_UNAVAILABLE` (retryable) when it cannot be reached or answers that it is busy,
 * `CANCELLED`
 */
export interface ChunkBackend extends AsyncDisposable {
  /** For people: `fs:/srv/images`, without secrets. */
  readonly name: string;
  /** The bytes, or `undefined`. They are the caller's: the backend keeps no view of them. */
  get(key: string, options?: ChunkReadOptions): Promise<Uint8Array | undefined>;
  /** Its size in bytes, or `undefined`. */
  size(key: string, signal?: AbortSignal): Promise<number | undefined>;
  /** Durable when it resolves. The bytes stay as they are until then, and may change after. */
  put(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** An unknown key is already deleted. */
  delete(key: string, signal?: AbortSignal): Promise<void>;
  /** Every key that starts with the prefix, in no particular order. */
  list(prefix: string, signal?: AbortSignal): AsyncIterable<StoredObject>;
}

/** What of an object to read. */
export interface ChunkReadOptions {
  /** Bytes from `start` to before `end`; the end is cut to the object's own. */
  readonly range?: { readonly start: number; readonly end: number } | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An object that is there. */
export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
  /** Epoch milliseconds of its last put, by the store's clock. */
  readonly modifiedAtMs: number;
}
