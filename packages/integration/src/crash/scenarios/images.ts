import type { Scenarios } from "../scenario.ts";
import { failing } from "./tools.ts";

/** Images that are made. */
export const images: Scenarios = {
  "image.import": {
    before: "nothing",
    fail: () => {},
    run: (album, { files, fails }) => album.images.import({ name: "other", path: fails ? files.broken : files.image }),
    ends: { succeeded: { server: "none", images: 1 }, failed: { server: "none", images: 0 } },
  },
  "image.snapshot": {
    before: "active",
    fail: failing("releaseDisk"),
    run: (album) => album.images.snapshot("web-0", { name: "snapshot" }),
    ends: { succeeded: { server: "active", images: 1 }, failed: { server: "active", images: 0 } },
  },
};
