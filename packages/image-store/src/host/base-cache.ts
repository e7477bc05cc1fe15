import { open, readFile, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { CloudHostError } from "@cloudhost/core/ports";
import type { BaseDisk, Clock, Logger } from "@cloudhost/core/ports";
import { systemCode } from "../failures.ts";
import { makeFolder, syncFolder, writeDurably } from "../files/durable.ts";
import { removeAbandoned, temporaryPath } from "../files/temporary.ts";
import { ManifestDigest } from "../repository/manifest.ts";
import type { FileHandle } from "node:fs/promises";

/** Beside each base: what it was made from. Its own time of modification is when the base was last wanted. */
const BaseMark = z.strictObject({ version: z.literal(1), digest: ManifestDigest, logicalBytes: z.int().min(0) });

/**
 * The time of modification that every base is given: whoever writes to one changes it, even within the same tick of the
 * file system's clock as its making.
 */
const untouched = new Date("2000-01-01T00:00:00Z");

/** How exactly it is written down when a base was last wanted: no oftener than so, in milliseconds. */
const wantedWithinMs = 1000;

/** What this process knows of a base that it found or made. */
interface KnownBase {
  readonly logicalBytes: number;
  /** Written into its mark. */
  wantedAtMs: number;
}

/**
 * The bases of a host as files: `bases/<digits>.raw`, sparse and read-only, and `bases/<digits>.json`, its mark, which
 * is written last. A base is verified chunk by chunk as it is restored, and found changed later by its size and its time
 * of modification: reading gigabytes again for each guest would cost more than it finds.
 */
export class BaseCache {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** By their hexadecimal digits. A base's mark is read once: another of the same digits says the same. */
  readonly #known = new Map<string, KnownBase>();

  constructor(cacheDir: string, maxBytes: number, clock: Clock, logger: Logger) {
    this.#folder = join(cacheDir, "bases");
    this.#maxBytes = maxBytes;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Makes its folder, and removes what killed processes were writing. */
  async recover(): Promise<void> {
    await makeFolder(this.#folder);
    await removeAbandoned(this.#folder);
  }

  /** The base, whole and as it was restored, or `undefined`. It then counts as just wanted. */
  async find(digest: string): Promise<BaseDisk | undefined> {
    const digits = digitsOf(digest);
    const { path, mark } = this.#paths(digits);
    const [known, found] = await Promise.all([this.#knownOf(digits, digest), statOf(path)]);
    const isWhole = found?.size === known?.logicalBytes && found?.mtimeMs === untouched.getTime();
    if (known === undefined || !isWhole) {
      this.#known.delete(digits);
      return undefined;
    }
    const nowMs = this.#clock.nowMs();
    if (Math.abs(nowMs - known.wantedAtMs) >= wantedWithinMs) {
      await utimes(mark, new Date(nowMs), new Date(nowMs));
      known.wantedAtMs = nowMs;
    }
    this.#known.set(digits, known);
    return { path, format: "raw", digest };
  }

  /**
   * Makes the base, in place of one that is damaged: whole, or not at all.
   * @param fill writes it, verified, into an empty file
   */
  async make(digest: string, logicalBytes: number, fill: (file: FileHandle) => Promise<void>): Promise<BaseDisk> {
    const { path, mark } = this.#paths(digitsOf(digest));
    const temporary = temporaryPath(this.#folder);
    try {
      {
        await using file = await open(temporary, "wx", 0o600);
        await fill(file);
        await file.chmod(0o444);
        await file.utimes(untouched, untouched);
        await file.sync();
      }
      if ((await statOf(mark)) !== undefined) {
        this.#logger.warn({ path, digest }, "a base was changed on this host; it was restored again");
        await rm(mark);
      }
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncFolder(this.#folder);
    await writeDurably(mark, Buffer.from(JSON.stringify({ version: 1, digest, logicalBytes })), this.#folder);
    return { path, format: "raw", digest };
  }

  /**
   * Evicts bases, the longest unwanted first, until so many bytes more are within the limit.
   * @param held hexadecimal digits of what stays
   * @throws CloudHostError `EXHAUSTED` when the held ones leave no room; then nothing is evicted
   */
  async makeRoom(bytes: number, held: ReadonlySet<string>): Promise<void> {
    const bases = await this.#bases();
    let total = bases.reduce((sum, base) => sum + base.bytes, 0);
    const victims = bases.filter(({ digits }) => !held.has(digits)).toSorted((a, b) => a.wantedAtMs - b.wantedAtMs);
    const least = total - victims.reduce((sum, victim) => sum + victim.bytes, 0);
    if (least + bytes > this.#maxBytes) {
      throw new CloudHostError(
        "EXHAUSTED",
        `The base needs ${bytes} bytes; held ones take ${least} of the ${this.#maxBytes} that this host has for them.`,
        { resource: "base cache" },
      );
    }
    for (const { digits, bytes: freed } of victims) {
      if (total + bytes <= this.#maxBytes) return;
      const { path, mark } = this.#paths(digits);
      this.#known.delete(digits);
      await rm(mark, { force: true });
      await rm(path, { force: true });
      this.#logger.info({ path, bytes: freed }, "a base that no guest holds was evicted");
      total -= freed;
    }
  }

  async #bases(): Promise<{ readonly digits: string; readonly bytes: number; readonly wantedAtMs: number }[]> {
    const bases = [];
    for (const name of await readdir(this.#folder)) {
      if (!name.endsWith(".raw")) continue;
      const digits = name.slice(0, -".raw".length);
      const { path, mark } = this.#paths(digits);
      const [base, marked] = await Promise.all([statOf(path), statOf(mark)]);
      if (base !== undefined) bases.push({ digits, bytes: base.blocks * 512, wantedAtMs: marked?.mtimeMs ?? 0 });
    }
    return bases;
  }

  async #knownOf(digits: string, digest: string): Promise<KnownBase | undefined> {
    const known = this.#known.get(digits);
    if (known !== undefined) return known;
    const marked = await readMark(this.#paths(digits).mark);
    return marked?.digest === digest ? { logicalBytes: marked.logicalBytes, wantedAtMs: 0 } : undefined;
  }

  #paths(digits: string): { readonly path: string; readonly mark: string } {
    return { path: join(this.#folder, `${digits}.raw`), mark: join(this.#folder, `${digits}.json`) };
  }
}

const digitsOf = (digest: string): string => digest.slice(digest.indexOf(":") + 1);

async function readMark(path: string): Promise<z.infer<typeof BaseMark> | undefined> {
  try {
    return BaseMark.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return undefined;
  }
}

async function statOf(
  path: string,
): Promise<{ readonly size: number; readonly blocks: number; readonly mtimeMs: number } | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
