import type { GuestSpec } from "@cloudhost/core/ports";

/** What a guest may grow to while it runs: it is part of its machine, and fixed when that is switched on. */
export interface HeadRoom {
  readonly vcpus: number;
  readonly memoryMib: number;
  /** How often memory can be added. */
  readonly memorySlots: number;
  /** How many disks and interfaces can be added. */
  readonly devices: number;
}

/** As much again, three times. More costs each guest memory for processors and pages that it never gets. */
const growth = 4;
/** Above, QEMU's machine needs an interrupt controller that not every guest knows. */
const mostVcpus = 240;
/** QEMU's processors address 1 TiB, and memory that can be added lies above the rest. */
const mostMemoryMib = 512 * 1024;

/** The head room of a guest on a machine of this architecture; `undefined` where nothing can be plugged in. */
export function headRoomOf(
  { vcpus, memoryMib }: Pick<GuestSpec, "vcpus" | "memoryMib">,
  architecture: string,
): HeadRoom | undefined {
  if (architecture !== "x86_64") return undefined;
  return {
    vcpus: Math.max(vcpus, Math.min(growth * vcpus, mostVcpus)),
    memoryMib: Math.max(memoryMib, Math.min(growth * memoryMib, mostMemoryMib)),
    memorySlots: 16,
    devices: 8,
  };
}
