import type { ComputeDriver, GuestSpec } from "@cloudhost/core/ports";

type Step = (compute: ComputeDriver, guest: GuestSpec) => Promise<unknown>;

/** A guest's life, in steps that may each be cut off and repeated. */
export const steps: Readonly<Record<string, Step>> = {
  define: (compute, guest) => compute.define(guest),
  start: (compute, { id }) => compute.start(id),
  reboot: (compute, { id }) => compute.reboot(id, "cmd_1", 0),
  freeze: (compute, { id }) => compute.freezeDisk(id, "snp_1"),
  "freeze another": (compute, { id }) => compute.freezeDisk(id, "snp_2"),
  release: (compute, { id }) => compute.releaseDisk(id, "snp_1"),
  stop: (compute, { id }) => compute.stop(id, 0),
  rebuild: (compute, guest) =>
    compute.define({ ...guest, base: { ...guest.base, digest: `sha256:${"0".repeat(64)}` } }),
  remove: (compute, { id }) => compute.remove(id),
};
