import { describeNetworkDriver } from "@cloudhost/conformance";
import { openFakeSubject } from "./open-subject.ts";

describeNetworkDriver("a Linux host whose kernel is pretended", () => openFakeSubject());
describeNetworkDriver("a Linux host that cannot shape", () => openFakeSubject({ capacity: undefined }));
