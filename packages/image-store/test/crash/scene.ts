/** The disks that killed processes store; they share chunks. */
export const diskNames = ["disk-a", "disk-b", "disk-c"] as const;

/** What each consists of: a seed for each chunk, 0 for a hole. */
export const diskChunks: Readonly<Record<(typeof diskNames)[number], readonly number[]>> = {
  "disk-a": [1, 2, 0, 3],
  "disk-b": [1, 4, 5],
  "disk-c": [0, 5, 3, 6, 2],
};

/** Under which name a disk is stored: as core would, by an image's id. */
export const imageIdOf = (disk: string): string => `img_${"0".repeat(25)}${disk.at(-1)}`;

/** The one guest that holds bases. */
export const guestId = `srv_${"0".repeat(26)}`;

/** Numbers below a limit, the same for the same seed. */
export function random(seed: number): (limit: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}
