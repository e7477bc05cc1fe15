import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { fingerprintOf, keyBytes } from "../../src/keypairs/fingerprint.ts";
import { generateKeypair } from "../../src/keypairs/generate.ts";
import { ImportKeypair } from "../../src/keypairs/model.ts";

const types = ["ed25519", "rsa"] as const;
/** OpenSSH's own word on our files, where it is installed. */
const hasOpenssh = spawnSync("ssh-keygen", ["-?"]).error === undefined;

function inFile(privateKey: string): string {
  const folder = mkdtempSync(join(tmpdir(), "cloudhost-key-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "id");
  writeFileSync(file, privateKey, { mode: 0o600 });
  return file;
}

/** The fields of OpenSSH's format, each behind its length. */
function fieldsOf(bytes: Buffer, from: number, count: number): readonly Buffer[] {
  const fields: Buffer[] = [];
  let at = from;
  for (let field = 0; field < count; field += 1) {
    const length = bytes.readUInt32BE(at);
    fields.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return fields;
}

describe.each(types)("a generated keypair of type %s", (type) => {
  it("is another one each time, and can be imported", async () => {
    const [one, two] = await Promise.all([generateKeypair(type, "amy"), generateKeypair(type, "amy")]);
    expect(one.publicKey).not.toBe(two.publicKey);
    expect(ImportKeypair.parse({ name: "amy", publicKey: one.publicKey }).publicKey).toBe(one.publicKey);
  });

  it("has both halves in its file, to whole blocks of 8 bytes", async () => {
    const { publicKey, privateKey } = await generateKeypair(type, "amy");
    const [first, ...lines] = privateKey.trimEnd().split("\n");
    expect(first).toBe("-----BEGIN OPENSSH PRIVATE KEY-----");
    expect(lines.pop()).toBe("-----END OPENSSH PRIVATE KEY-----");
    const file = Buffer.from(lines.join(""), "base64");
    const magic = "openssh-key-v1\0";
    expect(file.toString("latin1", 0, magic.length)).toBe(magic);
    const [cipher, derivation, options] = fieldsOf(file, magic.length, 3);
    expect([cipher, derivation, options].map(String)).toEqual(["none", "none", ""]);
    const count = magic.length + 4 + 4 + 4 + 4 + 4;
    expect(file.readUInt32BE(count)).toBe(1);
    const [open, secret] = fieldsOf(file, count + 4, 2);
    expect(open).toEqual(keyBytes(publicKey));
    expect((secret?.length ?? 1) % 8).toBe(0);
    expect(secret?.readUInt32BE(0)).toBe(secret?.readUInt32BE(4));
  });

  if (!hasOpenssh) return;

  it("is what ssh-keygen reads and signs with", async () => {
    const { publicKey, privateKey } = await generateKeypair(type, "amy");
    const file = inFile(privateKey);
    expect(execFileSync("ssh-keygen", ["-y", "-f", file], { encoding: "utf8" }).trim()).toBe(publicKey);
    const listed = execFileSync("ssh-keygen", ["-l", "-f", file], { encoding: "utf8" });
    expect(listed).toContain(`${fingerprintOf(publicKey)} amy`);
    const input = "a message";
    const signature = execFileSync("ssh-keygen", ["-Y", "sign", "-f", file, "-n", "test"], { input, stdio: "pipe" });
    writeFileSync(`${file}.sig`, signature);
    const checked = ["-Y", "check-novalidate", "-n", "test", "-s", `${file}.sig`];
    expect(execFileSync("ssh-keygen", checked, { input, encoding: "utf8" })).toContain("Good");
  });
});
