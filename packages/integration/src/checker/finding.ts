/** Where a cloud on fake hosts keeps everything. */
export interface CloudPlaces {
  /** `sqlite:…` or `postgres://…`. */
  readonly database: string;
  /** The cloud's own folder: command journals, image caches. */
  readonly stateDir: string;
  /** The fake fleet's. */
  readonly fakeDir: string;
  /** The file-system image store's. */
  readonly imageDir: string;
}

/** Something that is there and should not be, or the other way round. */
export interface Finding {
  readonly kind:
    | "row"
    | "claim"
    | "address"
    | "guest"
    | "tap"
    | "data disk"
    | "interface"
    | "overlay"
    | "snapshot"
    | "image"
    | "chunk session"
    | "held base";
  readonly what: string;
}
