import { checkHosts } from "./check-hosts.ts";
import { checkImages } from "./check-images.ts";
import { checkStore } from "./check-store.ts";
import { openStore } from "./store.ts";

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
    | "overlay"
    | "snapshot"
    | "image"
    | "chunk session"
    | "held base";
  readonly what: string;
}

/**
 * Compares a cloud at rest with itself: store, hosts, image store and network must tell one story, with nothing left
 * over and nothing missing. No process may have it open.
 */
export async function checkCloud(places: CloudPlaces): Promise<readonly Finding[]> {
  await using store = await openStore(places.database);
  const facts = await store.read();
  return [...checkStore(facts), ...(await checkHosts(facts, places)), ...(await checkImages(facts, places))];
}
