import { z } from "zod";

/**
 * A name that people give: letters, digits, `.`, `_` and `-`, 63 characters at most, a letter or digit first. Nothing in
 * it means anything to a shell, to XML, to a path or to DNS.
 */
export const Name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, "not a name: letters, digits, . _ - and at most 63 characters");

/** A name, or an id in its place. */
export const NameOrId = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[A-Za-z0-9._-]+$/, "not a name or an id");

/**
 * A text that people or programs choose: 1 to 255 characters, none of them a control character, which PostgreSQL, logs
 * and headers each take differently.
 */
export const Label = z
  .string()
  .min(1)
  .max(255)
  .regex(/^\P{Cc}*$/u, "control characters are in it");
