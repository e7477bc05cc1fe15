import { describeComputeDriver } from "@cloudhost/conformance";
import { openSubject } from "./subject.ts";

describeComputeDriver("guests as processes", () => openSubject());
