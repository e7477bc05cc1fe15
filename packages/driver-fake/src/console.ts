import type { FakeGuest } from "./world/guest.ts";

/** What an OS says while it boots, and how much of its time to boot has passed then. */
const bootLines: readonly (readonly [share: number, text: string])[] = [
  [0, "Linux version 6.1.0-fake"],
  [0, "Command line: root=/dev/vda1 console=ttyS0"],
  [0.2, "virtio_blk virtio0: [vda]"],
  [0.6, "EXT4-fs (vda1): mounted filesystem"],
  [0.8, "systemd[1]: Reached target Network"],
];

const endLines = {
  shutDown: "reboot: Power down",
  restarting: "reboot: Restarting system",
} as const;

/**
 * What a guest has written to its serial console, as far as it is kept.
 * @param bootMs how long its OS takes to boot
 */
export function consoleText({ spec, power, console, use }: FakeGuest, bootMs: number, nowMs: number): string {
  // One that stands still has come no further since.
  const untilMs = power === "running" ? nowMs : use.atMs;
  let bootedAtMs = 0;
  const texts = console.map(({ kind, atMs }, index) => {
    if (kind === "cut") return "";
    if (kind !== "booted") return stamped((atMs - bootedAtMs) / 1000, endLines[kind]);
    bootedAtMs = atMs;
    return bootText(spec.id, bootMs, (console[index + 1]?.atMs ?? untilMs) - atMs);
  });
  return texts.join("");
}

/** The end of a text, at most so many bytes long and without half a character. */
export function endOf(text: string, mostBytes: number): string {
  const bytes = Buffer.from(text);
  let from = Math.max(0, bytes.length - mostBytes);
  while (((bytes[from] ?? 0) & 0xc0) === 0x80) from += 1;
  return bytes.subarray(from).toString();
}

function bootText(guestId: string, bootMs: number, ranMs: number): string {
  const lines = bootLines.flatMap(([share, text]) =>
    ranMs >= share * bootMs ? [stamped((share * bootMs) / 1000, text)] : [],
  );
  return ranMs < bootMs ? lines.join("") : `${lines.join("")}\n${guestId} login: \n`;
}

const stamped = (seconds: number, text: string): string => `[${seconds.toFixed(6).padStart(12)}] ${text}\n`;
