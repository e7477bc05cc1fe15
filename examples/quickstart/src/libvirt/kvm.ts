import { execFile } from "node:child_process";
import { access, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { findProgram } from "../find-program.ts";

/** A processor that helps boots this in a fifth of a second; one that only pretends to takes many times that. */
const quickMs = 2000;
/** QEMU's exit code when the guest writes 0x10 to the device `isa-debug-exit`: twice that and one. */
const toldExitCode = 33;

/** Boots, writes 0x10 to port 0x501, and halts: `mov dx, 0x501; mov al, 0x10; out dx, al; hlt; jmp $-1`. */
const bootSector = Buffer.alloc(512);
Buffer.from([0xba, 0x01, 0x05, 0xb0, 0x10, 0xee, 0xf4, 0xeb, 0xfd]).copy(bootSector);
bootSector.writeUInt16LE(0xaa55, 510);

/**
 * Whether KVM is of use here: a guest of one sector is booted and must come to its end soon. That `/dev/kvm` is there
 * says little, above all inside another virtual machine.
 *
 * @param folder for the guest's disk; it is made where it does not exist
 */
export async function kvmWorks(folder: string): Promise<boolean> {
  const qemu = await findProgram("qemu-system-x86_64");
  const node = await access("/dev/kvm").then(
    () => true,
    () => false,
  );
  if (qemu === undefined || !node) return false;
  const disk = join(folder, "boot-sector.raw");
  await mkdir(folder, { recursive: true });
  await writeFile(disk, bootSector);
  const machine = ["-accel", "kvm", "-M", "pc", "-m", "16", "-nodefaults", "-display", "none", "-no-reboot"];
  const devices = ["-device", "isa-debug-exit,iobase=0x501,iosize=1", "-drive", `file=${disk},format=raw,if=ide`];
  try {
    await promisify(execFile)(qemu, [...machine, ...devices], { timeout: quickMs, killSignal: "SIGKILL" });
    return false;
  } catch (error) {
    return (error as { readonly code?: unknown }).code === toldExitCode;
  } finally {
    await rm(disk, { force: true });
  }
}
