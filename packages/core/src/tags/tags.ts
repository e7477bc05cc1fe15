import { z } from "zod";

/** How many tags a server may have. */
export const tagsMost = 64;

/** A tag's name: 1 to 128 letters, digits, spaces and `_ . : / = + @ -`, a letter or a digit first. */
export const TagKey = z
  .string()
  .max(128)
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} _.:/=+@-]*$/u, "not a tag's key: letters, digits, spaces and _ . : / = + @ -");

/** A tag's value: up to 256 characters, none of them a control character. */
export const TagValue = z
  .string()
  .max(256)
  .regex(/^\P{Cc}*$/u, "control characters are in it")
  .refine((value) => value.isWellFormed(), "half a character is in it");

/** What a server is marked with, 64 tags at the most: `{ role: "web", env: "prod" }`. */
export const Tags = z.record(TagKey, TagValue).refine(isFewEnough, tooMany());
export type Tags = z.infer<typeof Tags>;

/** Tags to set; `null` takes one away. Those that are not named stay. */
export const TagChanges = z.record(TagKey, TagValue.nullable()).refine(isFewEnough, tooMany());
export type TagChanges = z.infer<typeof TagChanges>;

function isFewEnough(tags: object): boolean {
  return Object.keys(tags).length <= tagsMost;
}

function tooMany(): string {
  return `more than ${tagsMost} tags`;
}
