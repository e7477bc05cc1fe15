import { createHash } from "node:crypto";

/** A public key's own bytes: what stands between its type and its comment. */
export const keyBytes = (publicKey: string): Buffer => Buffer.from(publicKey.split(" ")[1] ?? "", "base64");

/** As ssh-keygen prints it: the SHA-256 of the key's own bytes in base64, without its padding. */
export const fingerprintOf = (publicKey: string): string =>
  `SHA256:${createHash("sha256").update(keyBytes(publicKey)).digest("base64").replaceAll("=", "")}`;

/** Whether the key's own bytes begin with the type that stands before them, as every OpenSSH key's do. */
export function isOfItsType(publicKey: string): boolean {
  const [type = ""] = publicKey.split(" ");
  const bytes = keyBytes(publicKey);
  if (bytes.length <= 4 + type.length) return false;
  return bytes.readUInt32BE() === type.length && bytes.toString("latin1", 4, 4 + type.length) === type;
}
