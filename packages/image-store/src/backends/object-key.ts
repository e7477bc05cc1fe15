import { z } from "zod";
import { parseInput } from "@cloudhost/core/ports";

const segment = "[a-z0-9_-][a-z0-9._-]{0,199}";

/** A key of a `ChunkBackend`: slash-separated segments of `[a-z0-9._-]`, none starting with a dot. */
const ObjectKey = z
  .string()
  .max(512)
  .regex(
    new RegExp(`^${segment}(/${segment})*$`),
    "not slash-separated segments of a-z, 0-9, dot, underscore and dash",
  );

/** What keys can start with: a key, or one that breaks off anywhere. */
const KeyPrefix = z
  .string()
  .max(512)
  .regex(new RegExp(`^(${segment}/)*(${segment})?$`), "not the beginning of a key");

/** @throws CloudHostError `INVALID_ARGUMENT` */
export const parseKey = (key: string): string => parseInput(ObjectKey, key, "an object's key");

/** @throws CloudHostError `INVALID_ARGUMENT` */
export const parseKeyPrefix = (prefix: string): string => parseInput(KeyPrefix, prefix, "the beginning of a key");
