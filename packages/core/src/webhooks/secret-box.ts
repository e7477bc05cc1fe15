import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { CloudHostError } from "../errors.ts";

const plain = "plain:";
const encrypted = "aes-256-gcm:";
const nonceBytes = 12;
const tagBytes = 16;

/** Keeps secrets fit for a row: encrypted where there is a key, bound to what they are of. */
export class SecretBox {
  readonly #key: Buffer | undefined;
  readonly #random: (bytes: number) => Uint8Array;

  /** @param key 32 bytes in base64; without one secrets are kept as they are */
  constructor(key: string | undefined, random: (bytes: number) => Uint8Array = randomBytes) {
    this.#key = key === undefined ? undefined : Buffer.from(key, "base64");
    this.#random = random;
  }

  /** A new secret, as other senders of "Standard Webhooks" write them. */
  make(): string {
    return `whsec_${Buffer.from(this.#random(32)).toString("base64")}`;
  }

  /** @param of the id of what it is a secret of: in another row it cannot be opened */
  seal(secret: string, of: string): string {
    if (this.#key === undefined) return plain + secret;
    const nonce = this.#random(nonceBytes);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce).setAAD(Buffer.from(of));
    const body = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()]);
    return encrypted + Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64");
  }

  /** @throws CloudHostError `DEPENDENCY_MISSING` without the key that it was sealed with */
  open(sealed: string, of: string): string {
    if (sealed.startsWith(plain)) return sealed.slice(plain.length);
    const bytes = Buffer.from(sealed.slice(encrypted.length), "base64");
    if (this.#key === undefined) throw noKey();
    try {
      const cipher = createDecipheriv("aes-256-gcm", this.#key, bytes.subarray(0, nonceBytes), {
        authTagLength: tagBytes,
      });
      cipher.setAAD(Buffer.from(of)).setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
      return Buffer.concat([cipher.update(bytes.subarray(nonceBytes + tagBytes)), cipher.final()]).toString("utf8");
    } catch (cause) {
      throw noKey(cause);
    }
  }
}

const noKey = (cause?: unknown): CloudHostError =>
  new CloudHostError(
    "DEPENDENCY_MISSING",
    "A webhook's secret was encrypted with another key than this cloud has.",
    { dependency: "webhooks.secretKey", remedy: "open the cloud with the key that secrets were encrypted with" },
    { cause },
  );
