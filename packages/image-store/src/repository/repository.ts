import { z } from "zod";
import { CloudHostError } from "@cloudhost/core/ports";
import type { ChunkBackend, StoredImage } from "@cloudhost/core/ports";
import { imageCorrupt, notFound } from "../failures.ts";
import { nameOfSegment } from "./image-name.ts";
import { layout, manifestKey, nameKey } from "./layout.ts";
import { ManifestDigest, openManifest, sealManifest } from "./manifest.ts";
import type { Manifest } from "./manifest.ts";

const NamePointer = z.strictObject({
  version: z.literal(1),
  name: z.string(),
  digest: ManifestDigest,
  logicalBytes: z.int().min(0),
});
const StoreMark = z.object({ version: z.int() });

/** A name in a listing: what it points at, or that it cannot be read. */
export type ListedName = { readonly name: string; readonly image: StoredImage | undefined };

/** Reads and writes what an image store consists of; knows its keys and formats, and nothing of transfers. */
export class Repository {
  readonly backend: ChunkBackend;

  constructor(backend: ChunkBackend) {
    this.backend = backend;
  }

  /**
   * Whether something was stored here before.
   * @throws CloudHostError `VERSION_MISMATCH`
   */
  async exists(): Promise<boolean> {
    const bytes = await this.backend.get(layout.store);
    if (bytes === undefined) return false;
    const version = parseJson(StoreMark, bytes)?.version;
    if (version === 1) return true;
    throw new CloudHostError("VERSION_MISMATCH", `${this.backend.name} belongs to another version of cloudhost.`, {
      what: "image store",
      found: version === undefined ? "unreadable" : String(version),
      supported: "1",
    });
  }

  /** Marks the place as an image store. */
  async create(): Promise<void> {
    if (!(await this.exists()))
      await this.backend.put(layout.store, json({ kind: "cloudhost image store", version: 1 }));
  }

  /**
   * What a name points at, or `undefined`.
   * @throws CloudHostError `IMAGE_CORRUPT` when its pointer is damaged
   */
  async image(name: string, signal?: AbortSignal): Promise<StoredImage | undefined> {
    const bytes = await this.backend.get(nameKey(name), { signal });
    if (bytes === undefined) return undefined;
    const pointer = parseJson(NamePointer, bytes);
    if (pointer?.name === name) return { name, digest: pointer.digest, logicalBytes: pointer.logicalBytes };
    const reason = "name: its pointer is damaged";
    throw imageCorrupt(`The name ${name} does not tell any more what it points at.`, { image: name, reason });
  }

  /** @throws CloudHostError `NOT_FOUND`, `IMAGE_CORRUPT` */
  async imageOrThrow(name: string, signal?: AbortSignal): Promise<StoredImage> {
    const image = await this.image(name, signal);
    if (image === undefined) throw notFound("image", name, `There is no image ${name} in ${this.backend.name}.`);
    return image;
  }

  /** Every name; one whose pointer is damaged has no image. */
  async *names(signal?: AbortSignal): AsyncGenerator<ListedName> {
    for await (const { key } of this.backend.list(layout.names, signal)) {
      const name = nameOfSegment(key.slice(layout.names.length));
      const bytes = name === undefined ? undefined : await this.backend.get(key, { signal });
      // Deleted since it was listed, or no file of ours.
      if (name === undefined || bytes === undefined) continue;
      const pointer = parseJson(NamePointer, bytes);
      const whole = pointer?.name === name;
      yield { name, image: whole ? { name, digest: pointer.digest, logicalBytes: pointer.logicalBytes } : undefined };
    }
  }

  async putName({ name, digest, logicalBytes }: StoredImage): Promise<void> {
    await this.backend.put(nameKey(name), json({ version: 1, name, digest, logicalBytes }));
  }

  async deleteName(name: string): Promise<void> {
    await this.backend.delete(nameKey(name));
  }

  /**
   * @param image named in errors
   * @throws CloudHostError `IMAGE_CORRUPT` when it is damaged or missing, `VERSION_MISMATCH`
   */
  async manifest(digest: string, image: string, signal?: AbortSignal): Promise<Manifest> {
    const bytes = await this.backend.get(manifestKey(digest), { signal });
    if (bytes !== undefined) return openManifest(bytes, digest, image);
    throw imageCorrupt(`The manifest of ${image} is missing.`, { image, reason: "manifest: it is missing" });
  }

  /** Its digest. It is there whole, or not, however this ends. */
  async putManifest(manifest: Manifest, signal?: AbortSignal): Promise<string> {
    const { bytes, digest } = sealManifest(manifest);
    await this.backend.put(manifestKey(digest), bytes, signal);
    return digest;
  }
}

const json = (value: object): Buffer => Buffer.from(`${JSON.stringify(value)}\n`);

function parseJson<Schema extends z.ZodType>(schema: Schema, bytes: Uint8Array): z.output<Schema> | undefined {
  try {
    return schema.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
  } catch {
    return undefined;
  }
}
