import { describe, expect, it } from "vitest";
import { fingerprintOf } from "../../src/keypairs/fingerprint.ts";
import { ImportKeypair } from "../../src/keypairs/model.ts";

/** Keys made by `ssh-keygen`, and what `ssh-keygen -l` says of them. */
const known = [
  [
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIARH64Mw7wZfW/5z0RiDkkz4N4Kb2xYpgjx834SIHPLo amy@laptop",
    "SHA256:T38TnH9c9s+VWSxaf90+BQ2/U9hL5AWTIZ5kWofDBdk",
  ],
  [
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDMonD4jD2U1zOJc9OX/1x1v84+iYI48WNpQ7kRndwouq3B47uUSeX6TsP5h7TgOEM6iLUjll3hIxjifXNpwPB218SqSUD3z+i1ffvB+uOXv+3Qy6RdLSyZX7YPTRCCMjD0Oc2qQQ3GiHCmSOdq+Ts54trucuCTWpHoOhl4zCEUy9wGSCO4fvQNrsktE5Y3RfaMaw9nqIXQ8qT61lQF4ghh9P5tPW3zIk1hAPtO8D5G4sWfazAgAqNJ45N/05Hs2lWoPSxFtYlwT0lAuYiU56nEJYpyOpc2loYtGyEqdwZniINbM4mOsqVOGP5DuYtnNNf/BVX0wyUiO2aE5rEmuLYh amy",
    "SHA256:qh6tfnw8TIFNLKVlGLBA/jKr5hT1lIDiWtZpCV+4dzM",
  ],
  [
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBHByhJskLUbe6eKLJR0GMeGQOeOBTEjm4QpuRJn5uuqbTtk1BJe0xT8/3vzAdIzJtjyU0DT9XylFRwnmyXPJoQc=",
    "SHA256:oolFFI5mE/b7U6hUKDnj4ye1Rm/ElJjnXlE3J4jLd08",
  ],
] as const;
const [[ed25519]] = known;
const [, body = ""] = ed25519.split(" ");

describe("a keypair's fingerprint", () => {
  it.each(known)("of %s is ssh-keygen's", (publicKey, fingerprint) => {
    expect(fingerprintOf(publicKey)).toBe(fingerprint);
    expect(ImportKeypair.parse({ name: "amy", publicKey: `  ${publicKey}\n` }).publicKey).toBe(publicKey);
  });
});

describe("what is no public key", () => {
  it.each([
    "",
    "ssh-ed25519",
    `ssh-rsa ${body}`,
    "ssh-ed25519 AAAA",
    `ssh-dss ${body}`,
    `${ed25519}\n${ed25519}`,
    `command="reboot" ${ed25519}`,
    "-----BEGIN OPENSSH PRIVATE KEY-----",
    42,
  ])("%j", (publicKey) => {
    expect(ImportKeypair.safeParse({ name: "amy", publicKey }).success).toBe(false);
  });
});
