import type { z } from "zod";
import { notFound, projectFilter, projectOf } from "../access/caller.ts";
import type { Caller, ChangeScope, Scope } from "../access/caller.ts";
import { listing } from "../access/listing.ts";
import type { Listing } from "../access/listing.ts";
import { parseNamed } from "../access/named.ts";
import type { Permission } from "../access/permissions.ts";
import type { Database } from "../database/database.ts";
import type { Binding } from "../database/script.ts";
import { CloudHostError } from "../errors.ts";
import type { Ids } from "../ids.ts";
import { isId } from "../ids.ts";
import type { OperationDefinition } from "../operations/definition.ts";
import type { OperationEngine } from "../operations/engine.ts";
import { OperationHandle } from "../operations/handle.ts";
import { Nothing } from "../parse.ts";
import type { Clock } from "../ports/clock.ts";
import type { TransferOptions } from "../ports/host-images.ts";
import type { ImageStore } from "../ports/image-store.ts";
import { findServer } from "../servers/find-server.ts";
import { refusalNow } from "../servers/gate.ts";
import type { ServerStore } from "../servers/store.ts";
import type { ServerRow } from "../servers/server-row.ts";
import type { Tags } from "../tags/tags.ts";
import { findImage } from "./find-image.ts";
import { ExportImage, ImportImage, ListImages, SnapshotServer, UpdateImage } from "./model.ts";
import type { Image } from "./model.ts";
import { submitImageDeletion } from "./image-deletion.ts";
import { updateImage } from "./image-update.ts";
import { importImage } from "./operations/import-image.ts";
import { snapshotServer } from "./operations/snapshot-server.ts";
import { imageOf } from "./store.ts";
import type { ImageRecords, ImageRow } from "./store.ts";

/** What {@link Images} needs. */
export interface ImagesDependencies {
  readonly database: Database;
  readonly images: ImageRecords;
  readonly servers: ServerStore;
  readonly imageStore: ImageStore;
  readonly engine: OperationEngine;
  readonly ids: Ids;
  readonly clock: Clock;
}

/** An image that an operation will store. */
interface NewImage {
  readonly definition: OperationDefinition;
  readonly projectId: string | null;
  readonly imageId: string;
  readonly idempotencyKey: string | undefined;
  readonly request: object;
  readonly plan: object;
  readonly row: Readonly<Record<string, Binding>>;
  readonly tags: Tags | undefined;
  /** Whose disk it is made of. */
  readonly server?: ServerRow;
}

/** Disk images: what servers boot from, and what snapshots become. */
export class Images {
  readonly #caller: Caller;
  readonly #dependencies: ImagesDependencies;

  constructor(caller: Caller, dependencies: ImagesDependencies) {
    this.#caller = caller;
    this.#dependencies = dependencies;
  }

  /**
   * Stores a disk image file: raw, sparse raw, or qcow2 without a backing file. It is cut into 4 MiB chunks, each stored
   * once, and active once it is sealed.
   *
   * @throws CloudHostError `INVALID_ARGUMENT`, `FORBIDDEN` for a public image of a member's, `IDEMPOTENCY_MISMATCH`.
   * From `result()`: `IMAGE_CORRUPT`, `NOT_FOUND` for the file, `DEPENDENCY_MISSING`, `HOST_UNAVAILABLE`
   */
  async import(input: ImportImage): Promise<OperationHandle<Image>> {
    const asked = { schema: ImportImage, input, what: "an image to import" };
    return this.#caller.change("images.import", asked, (scope, request) => this.#import(scope, request));
  }

  async #import(scope: ChangeScope, request: z.output<typeof ImportImage>): Promise<OperationHandle<Image>> {
    if (request.visibility === "public" && !scope.everywhere) {
      const details = { permission: "images.import of a public image", roles: scope.roles };
      throw new CloudHostError("FORBIDDEN", "Only an operator makes a public image.", details);
    }
    const project = request.visibility === "public" ? scope.project : projectOf(scope);
    const imageId = this.#dependencies.ids.next("img");
    const { idempotencyKey, minDiskGib, minMemoryMib, name, properties, tags, visibility, path } = request;
    return this.#store(scope, {
      definition: importImage,
      projectId: project?.id ?? null,
      imageId,
      idempotencyKey,
      request,
      plan: { path },
      tags,
      row: {
        name,
        visibility,
        min_disk_gib: minDiskGib,
        min_memory_mib: minMemoryMib,
        properties: JSON.stringify(properties),
        server_id: null,
      },
    });
  }

  /**
   * Makes an image of a server's system disk while the server goes on. Ephemeral disks are not in it.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT` while another operation has the server
   * @example
   * const snapshot = await (await album.images.snapshot(server.id, { name: "before-upgrade" })).result();
   * snapshot.chunks; // { total: 512, zero: 274, duplicate: 221, new: 17 }
   */
  async snapshot(server: string, input: SnapshotServer): Promise<OperationHandle<Image>> {
    const find = (scope: Scope): Promise<ServerRow> => findServer(this.#dependencies.servers, scope, server);
    const asked = { schema: SnapshotServer, input, what: "a snapshot", find };
    return this.#caller.change("images.snapshot", asked, (scope, request, row) => this.#snapshot(scope, request, row));
  }

  async #snapshot(
    scope: ChangeScope,
    request: z.output<typeof SnapshotServer>,
    row: ServerRow,
  ): Promise<OperationHandle<Image>> {
    const { ids, images } = this.#dependencies;
    const source = row.image_id === "" ? undefined : await images.get(row.image_id);
    return this.#store(scope, {
      definition: snapshotServer,
      projectId: row.project_id,
      imageId: ids.next("img"),
      idempotencyKey: request.idempotencyKey,
      request: { ...request, server: row.id },
      plan: { serverId: row.id, hostId: row.host_id, snapshotId: ids.next("snp") },
      tags: request.tags,
      row: {
        name: request.name,
        visibility: "private",
        min_disk_gib: source?.min_disk_gib ?? 0,
        min_memory_mib: source?.min_memory_mib ?? 0,
        properties: source?.properties ?? "{}",
        server_id: row.id,
      },
      server: row,
    });
  }

  /** Images of the project, and public ones. */
  list(input: ListImages = {}): Listing<Image> {
    const asked = { permission: "images.list", schema: ListImages, what: "a list of images" } as const;
    return listing(this.#caller, asked, input, async (scope, { server, ...where }, part) => {
      const { images } = this.#dependencies;
      const serverId = server === undefined ? undefined : await this.#serverId(scope, server);
      const { items, next } = await images.find({ ...where, serverId, projectId: projectFilter(scope) }, part);
      return { items: await this.#shown(items), next };
    });
  }

  /**
   * One image, by its id, or by its name where only one image of the project has it.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT` for a name that several have
   */
  async get(idOrName: string): Promise<Image> {
    const scope = await this.#caller.may("images.get");
    return this.#read(await this.#row(scope, idOrName));
  }

  /**
   * Gives it another name, or other tags. What is not named stays.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT` for one that is being deleted, `FORBIDDEN` for a public one,
   * `INVALID_ARGUMENT` also for more than 64 tags together with those that it has
   * @example
   * await album.images.update("before-upgrade", { tags: { keep: "2027", draft: null } }); // sets one tag, takes one away
   */
  async update(idOrName: string, input: UpdateImage): Promise<Image> {
    const asked = { schema: UpdateImage, input, what: "changes of an image", find: this.#finding(idOrName) };
    return this.#caller.change("images.update", asked, async (scope, request, row) => {
      requireOwn(scope, row, "images.update");
      await updateImage(this.#dependencies, scope, row, request);
      return this.#read(await this.#row(scope, row.id));
    });
  }

  /**
   * Writes an image to a new file, every chunk verified.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT` for one that is not active, `IMAGE_CORRUPT`, `DEPENDENCY_MISSING`
   */
  async export(idOrName: string, input: ExportImage, transfer: TransferOptions = {}): Promise<void> {
    const asked = { schema: ExportImage, input, what: "a file to export to", find: this.#finding(idOrName) };
    await this.#caller.change("images.export", asked, async (_, { path, format }, row) => {
      if (row.state !== "active") {
        const details = { state: row.state, allowed: ["active"] };
        throw new CloudHostError("CONFLICT", `The image ${row.name} is ${row.state}.`, details);
      }
      const { clock, imageStore } = this.#dependencies;
      await clock.busy(() => imageStore.export(row.id, path, { ...transfer, format }));
    });
  }

  /**
   * Deletes an image. Servers that were booted from it go on; while one of them is shelved, its image is kept.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT` while it is being stored or a shelved server needs it, `FORBIDDEN` for
   * a public one
   */
  async delete(idOrName: string): Promise<OperationHandle<void>> {
    const asked = { schema: Nothing, input: {}, what: "options of delete", find: this.#finding(idOrName) };
    return this.#caller.change("images.delete", asked, (scope, _, row) => this.#delete(scope, row));
  }

  async #delete(scope: ChangeScope, row: ImageRow): Promise<OperationHandle<void>> {
    requireOwn(scope, row, "images.delete");
    const { id, resourceId } = await submitImageDeletion(this.#dependencies, scope, row);
    return new OperationHandle<void>(this.#dependencies.engine, id, resourceId, async () => {});
  }

  async #store(scope: ChangeScope, image: NewImage): Promise<OperationHandle<Image>> {
    const { engine, images, servers, clock } = this.#dependencies;
    const { server } = image;
    const { id, resourceId } = await engine.submit({
      definition: image.definition,
      projectId: image.projectId,
      actor: scope,
      resourceId: image.imageId,
      relatedId: server?.id,
      hostId: server?.host_id ?? undefined,
      idempotencyKey: image.idempotencyKey,
      request: image.request,
      input: image.plan,
      statements: (operationId) => [
        ...(server === undefined ? [] : [servers.begin(server, operationId, "snapshot", scope)]),
        images.insert({
          ...image.row,
          id: image.imageId,
          project_id: image.projectId,
          state: "pending",
          operation_id: operationId,
          created_at_ms: clock.nowMs(),
        }),
        ...images.tags.put({ id: image.imageId }, image.tags ?? {}),
      ],
      refused: () => refusalNow(servers, server?.id ?? "", "snapshot", scope),
    });
    return new OperationHandle(engine, id, resourceId, async () => {
      const stored = await images.get(resourceId);
      if (stored === undefined) throw notFound("image", resourceId);
      return this.#read(stored);
    });
  }

  async #read(row: ImageRow): Promise<Image> {
    const [image] = await this.#shown([row]);
    if (image === undefined) throw notFound("image", row.id);
    return image;
  }

  async #shown(rows: readonly ImageRow[]): Promise<Image[]> {
    const tags = await this.#dependencies.images.tags.of(rows.map(({ id }) => id));
    return rows.map((row) => imageOf(row, tags.get(row.id) ?? {}));
  }

  /** Of a server by its id also when it is gone: its snapshots outlive it. */
  async #serverId(scope: Scope, idOrName: string): Promise<string> {
    return isId("srv", idOrName) ? idOrName : (await findServer(this.#dependencies.servers, scope, idOrName)).id;
  }

  #finding(idOrName: string): (scope: Scope) => Promise<ImageRow> {
    return (scope) => this.#row(scope, idOrName);
  }

  #row(scope: Scope, idOrName: string): Promise<ImageRow> {
    return findImage(this.#dependencies.images, projectFilter(scope), parseNamed("image", idOrName));
  }
}

/** @throws CloudHostError `FORBIDDEN` for a public image of others */
function requireOwn(scope: Scope, row: ImageRow, permission: Permission): void {
  if (scope.everywhere || row.project_id === scope.project?.id) return;
  const details = { permission: `${permission} of a public image`, roles: scope.roles };
  throw new CloudHostError("FORBIDDEN", "A public image is its owner's to change or delete.", details);
}
