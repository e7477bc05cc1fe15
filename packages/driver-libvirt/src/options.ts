import { isAbsolute } from "node:path";
import { z } from "zod";

const absolutePath = z.string().refine(isAbsolute, "not an absolute path");

/** Options of the libvirt driver: JSON, fit for a file. */
export const LibvirtOptions = z.strictObject({
  /** Which hypervisor of the daemon. */
  uri: z
    .string()
    .regex(/^qemu:\/\/\//, "not a QEMU hypervisor of this machine (qemu:///system)")
    .default("qemu:///system"),
  /** The daemon's UNIX socket. libvirt's own default where it is missing. */
  socketPath: absolutePath.optional(),
  /**
   * How guests run: `kvm` on the processor, `qemu` in emulation, which is ten times slower. `auto` boots a tiny guest
   * once after each start of the host to see whether KVM works here.
   */
  virtType: z.enum(["auto", "kvm", "qemu"]).default("auto"),
  /** Folder of the guests' disks and logs; one in the driver's own state folder where it is missing. */
  instancesDir: absolutePath.optional(),
  /**
   * Compute of one physical core in mEUCU, for a CPU model whose figure is not known. It is shown as an estimate until
   * the host is calibrated.
   */
  milliEcuPerCore: z.int().min(1).optional(),
});
export type LibvirtOptions = z.infer<typeof LibvirtOptions>;
