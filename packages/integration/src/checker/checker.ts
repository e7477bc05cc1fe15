import { checkHosts } from "./check-hosts.ts";
import { checkImages } from "./check-images.ts";
import { checkStore } from "./check-store.ts";
import type { CloudPlaces, Finding } from "./finding.ts";
import { openStore } from "./store.ts";

/**
 * Compares a cloud at rest with itself: store, hosts, image store and network must tell one story, with nothing left
 * over and nothing missing. No process may have it open.
 */
export async function checkCloud(places: CloudPlaces): Promise<readonly Finding[]> {
  await using store = await openStore(places.database);
  const facts = await store.read();
  return [...checkStore(facts), ...(await checkHosts(facts, places)), ...(await checkImages(facts, places))];
}
