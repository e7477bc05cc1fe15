/** A stretch of the guest's address space that has data, and where it is. In bytes. */
export interface Extent {
  readonly start: number;
  readonly length: number;
  /** Number of the file in the disk. */
  readonly file: number;
  readonly offset: number;
}

/** A part of a chunk, and where it is to be read. */
export interface Piece {
  /** Number of the file in the disk. */
  readonly file: number;
  /** In that file, in bytes. */
  readonly offset: number;
  /** In the chunk, in bytes. */
  readonly at: number;
  readonly length: number;
}
