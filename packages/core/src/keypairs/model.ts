import { z } from "zod";
import { idOf } from "../ids.ts";
import { byName } from "../lists/filters.ts";
import { pageBy } from "../lists/page-by.ts";
import { Name } from "../names.ts";
import { isOfItsType } from "./fingerprint.ts";

/** A public key that the project's servers may be given. The private half is never kept here. */
export const Keypair = z.strictObject({
  id: idOf("key"),
  projectId: idOf("prj"),
  name: Name,
  /** One line, as in `authorized_keys`. */
  publicKey: z.string(),
  /** `SHA256:` and base64, as ssh-keygen prints it. */
  fingerprint: z.string(),
  createdAtMs: z.int(),
});
export type Keypair = z.infer<typeof Keypair>;

const line = /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-[a-z0-9@.-]+) ([A-Za-z0-9+/]+={0,2})( [^\n\r]*)?$/;

/** A public key to import. */
export const ImportKeypair = z.strictObject({
  name: Name,
  publicKey: z
    .string()
    .trim()
    .max(16_384)
    .regex(line, "not an OpenSSH public key on one line")
    .refine(isOfItsType, "the key is not of the type before it"),
});
export type ImportKeypair = z.input<typeof ImportKeypair>;

/** A keypair to generate. */
export const GenerateKeypair = z.strictObject({
  name: Name,
  /** `rsa`, of 3072 bits, for old clients. @defaultValue `"ed25519"` */
  type: z.enum(["ed25519", "rsa"]).default("ed25519"),
});
export type GenerateKeypair = z.input<typeof GenerateKeypair>;

/** A new keypair with its private half, which is given this once and kept nowhere. */
export interface GeneratedKeypair extends Keypair {
  /** A file for OpenSSH, without a passphrase: to be kept as `0600`. */
  readonly privateKey: string;
}

/** Which keypairs to list, in which order: what is said must all hold. */
export const ListKeypairs = pageBy(["createdAt", "name"]).extend(byName);
export type ListKeypairs = z.input<typeof ListKeypairs>;
