/**
 * Runs guests with KVM or QEMU through libvirt.
 *
 * @packageDocumentation
 */
export { libvirt } from "./config.ts";
export { LibvirtOptions } from "./options.ts";
export { startPrivateLibvirtd } from "./private-libvirtd/start.ts";
export type { PrivateLibvirtd, PrivateLibvirtdOptions } from "./private-libvirtd/start.ts";
