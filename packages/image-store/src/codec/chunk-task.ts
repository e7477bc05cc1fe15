/** What a thread is asked to do. `data` and `frame` are moved to it and come back, so that nothing is copied. */
export interface ChunkTask {
  readonly number: number;
  readonly kind: "identify" | "encode" | "decode";
  readonly data: ArrayBuffer;
  readonly frame: ArrayBuffer;
  /** Bytes of the chunk, in `data`. */
  readonly dataBytes: number;
  /** Bytes of the object, in `frame`: for `decode`. */
  readonly frameBytes: number;
  /** What the bytes must hash to: for `decode`. */
  readonly id: string;
}

/** What came of it. */
export interface ChunkTaskResult {
  readonly number: number;
  readonly data: ArrayBuffer;
  readonly frame: ArrayBuffer;
  /** Of `identify`; `undefined` for zeros. */
  readonly id?: string | undefined;
  /** Of `encode`: bytes of the object, in `frame`. */
  readonly frameBytes?: number;
  /** Of `decode`: why the object is not the chunk. */
  readonly fault?: string;
}
