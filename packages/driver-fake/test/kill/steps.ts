import type { ComputeDriver, ComputeExtensions, GuestSpec } from "@cloudhost/core/ports";

type Step = (compute: ComputeDriver & ComputeExtensions, guest: GuestSpec) => Promise<unknown>;

const withDisk = (guest: GuestSpec): GuestSpec => ({
  ...guest,
  disks: [...guest.disks, { kind: "data", id: "dsk_00000000000000000000000000", sizeGib: 1 }],
});

/** A guest's life, in steps that may each be cut off and repeated. */
export const steps: Readonly<Record<string, Step>> = {
  define: (compute, guest) => compute.define(guest),
  start: (compute, { id }) => compute.start(id),
  pause: (compute, { id }) => compute.pause(id),
  unpause: (compute, { id }) => compute.unpause(id),
  suspend: (compute, { id }) => compute.suspend(id),
  resume: (compute, { id }) => compute.start(id),
  reboot: (compute, { id }) => compute.reboot(id, "cmd_1", 0),
  freeze: (compute, { id }) => compute.freezeDisk(id, "snp_1"),
  "freeze another": (compute, { id }) => compute.freezeDisk(id, "snp_2"),
  release: (compute, { id }) => compute.releaseDisk(id, "snp_1"),
  stop: (compute, { id }) => compute.stop(id, 0),
  keep: (compute, { id }) => compute.keepDisks(id, "snp_1"),
  "add a disk": (compute, guest) => compute.define(withDisk(guest)),
  "put a layer": async (compute, { id }) => {
    const [layer] = await compute.layers(id);
    await compute.putLayer(id, "system", { path: layer?.path ?? "", format: "raw", digest: "sha256:0" });
  },
  rescue: (compute, guest) => compute.define({ ...withDisk(guest), rescue: { base: guest.base } }),
  unrescue: (compute, guest) => compute.define(guest),
  restore: (compute, { id }) => compute.restoreDisks(id, "snp_1"),
  drop: (compute, { id }) => compute.dropDisks(id, "snp_1"),
  rebuild: (compute, guest) =>
    compute.define({ ...guest, base: { ...guest.base, digest: `sha256:${"0".repeat(64)}` } }),
  remove: (compute, { id }) => compute.remove(id),
};
