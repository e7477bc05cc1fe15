import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import { opensshTypes, privateKeyFile, publicBlob } from "./openssh-format.ts";
import type { KeyNumbers, KeypairType } from "./openssh-format.ts";

/** As ssh-keygen makes them by default: as strong as 128 bits (NIST SP 800-57, table 2). */
const rsaBits = 3072;

const inPool = promisify(generateKeyPair);

/** Both halves of a new keypair, as OpenSSH has them. Made in a thread of the pool: an RSA key takes its time. */
export async function generateKeypair(
  type: KeypairType,
  comment: string,
): Promise<{ readonly publicKey: string; readonly privateKey: string }> {
  const { privateKey } = type === "rsa" ? await inPool("rsa", { modulusLength: rsaBits }) : await inPool("ed25519");
  const key = privateKey.export({ format: "jwk" }) as KeyNumbers;
  const blob = publicBlob(type, key).toString("base64");
  return {
    publicKey: `${opensshTypes[type]} ${blob} ${comment}`,
    privateKey: privateKeyFile(type, key, comment),
  };
}
