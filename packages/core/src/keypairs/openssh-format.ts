/** A key's numbers by their names in a JSON Web Key, as Node exports them. */
export type KeyNumbers = Readonly<Record<string, string>>;

/** The types of keypair that are generated, by the name that OpenSSH gives each. */
export const opensshTypes = { ed25519: "ssh-ed25519", rsa: "ssh-rsa" } as const;

/** A type of keypair that can be generated. */
export type KeypairType = keyof typeof opensshTypes;

/** The bytes that stand between a public key's type and its comment (RFC 4253, 6.6; RFC 8709, 4). */
export function publicBlob(type: KeypairType, key: KeyNumbers): Buffer {
  const name = text(opensshTypes[type]);
  return type === "ed25519"
    ? Buffer.concat([name, bytes(number(key, "x"))])
    : Buffer.concat([name, mpint(number(key, "e")), mpint(number(key, "n"))]);
}

/**
 * A private key as OpenSSH keeps it in a file, without a passphrase (its PROTOCOL.key). OpenSSH reads an RSA key in
 * PKCS#8 as well, but an Ed25519 key only so.
 *
 * @param comment is shown by ssh-add and ssh-keygen
 */
export function privateKeyFile(type: KeypairType, key: KeyNumbers, comment: string): string {
  const section = [word(check), word(check), text(opensshTypes[type]), ...secretNumbers(type, key), text(comment)];
  const file = Buffer.concat([
    Buffer.from("openssh-key-v1\0", "latin1"),
    text("none"), // cipher
    text("none"), // key derivation
    text(""), // and its options
    word(1), // keys
    bytes(publicBlob(type, key)),
    bytes(padded(Buffer.concat(section))),
  ]);
  const lines = file.toString("base64").match(/.{1,70}/g) ?? [];
  return ["-----BEGIN OPENSSH PRIVATE KEY-----", ...lines, "-----END OPENSSH PRIVATE KEY-----", ""].join("\n");
}

/** Stands twice, so that a wrong passphrase is noticed: without one, any number serves. */
const check = 0;
/** The block size of "no cipher". */
const blockBytes = 8;

function secretNumbers(type: KeypairType, key: KeyNumbers): readonly Buffer[] {
  if (type === "rsa") return ["n", "e", "d", "qi", "p", "q"].map((name) => mpint(number(key, name)));
  const open = number(key, "x");
  return [bytes(open), bytes(Buffer.concat([number(key, "d"), open]))];
}

/** Filled up with 1, 2, 3, … */
function padded(section: Buffer): Buffer {
  const missing = (blockBytes - (section.length % blockBytes)) % blockBytes;
  return Buffer.concat([section, Buffer.from(Array.from({ length: missing }, (_, index) => index + 1))]);
}

const number = (key: KeyNumbers, name: string): Buffer => Buffer.from(key[name] ?? "", "base64url");

function word(value: number): Buffer {
  const four = Buffer.alloc(4);
  four.writeUInt32BE(value);
  return four;
}

const bytes = (value: Buffer): Buffer => Buffer.concat([word(value.length), value]);

const text = (value: string): Buffer => bytes(Buffer.from(value));

/** A positive number: with a zero before it where its first bit would make it negative (RFC 4251, 5). */
const mpint = (value: Buffer): Buffer =>
  bytes((value[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), value]) : value);
