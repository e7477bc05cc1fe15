import { bytes, count, percent, plural, seconds } from "./amounts.ts";
import type { Pages } from "./page.ts";

interface Chunks {
  readonly total: number;
  readonly zero: number;
  readonly duplicate: number;
  readonly new: number;
}

/** Disk images: imported, and made of a server's disk. */
export const imagePages: Pages<"made" | "image" | "snapshot" | "project"> = {
  project: ({ name, found }, paint) => [
    `Project ${paint.name(name)}${found ? ", from an earlier run" : " is new, with the default quotas"}.`,
  ],

  made: ({ logicalBytes, files, fileBytes, layout }) => [
    `A disk image of ${plural(files, "file")} of this machine (${bytes(fileBytes)}): ` +
      `${bytes(logicalBytes)}, ${layout === "ext4" ? "an ext4 file system" : "one behind the other"}.`,
  ],

  image: ({ name, found, logicalBytes, storedBytes, chunks, ms }, paint) =>
    found
      ? [`Image ${paint.name(name)} is there from an earlier run: ${bytes(logicalBytes)}, nothing to import.`]
      : [
          `Image ${paint.name(name)} imported in ${seconds(ms)}: ${chunkText(chunks)}.`,
          paint.faint(`${bytes(logicalBytes)} became ${bytes(storedBytes)} in the image store.`),
        ],

  snapshot: ({ name, server, logicalBytes, storedBytes, chunks, removed, ms }, paint) => {
    const withData = chunks.total - chunks.zero;
    const share = withData === 0 ? 100 : (100 * chunks.duplicate) / withData;
    return [
      `${paint.name(server)} ran on while its disk of ${bytes(logicalBytes)} became the image ${paint.name(name)}, in ${seconds(ms)}:`,
      `${chunkText(chunks)}.`,
      `Of the ${plural(withData, "chunk")} with data ${paint.good(`${percent(share)} were duplicates`)} and cost nothing; the rest took ${bytes(storedBytes)}.`,
      ...(removed === 0 ? [] : [paint.faint(`The snapshot of an earlier run made room for it.`)]),
    ];
  },
};

const chunkText = ({ total, zero, duplicate, new: fresh }: Chunks): string =>
  `${plural(total, "chunk")} of 4 MiB, of which ${count(fresh)} new, ${plural(duplicate, "duplicate")}, ` +
  `${count(zero)} all zeros and stored nowhere`;
