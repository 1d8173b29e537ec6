import { PolicyPack } from "@pulumi/policy";
import { policies } from "./policies.ts";

// JavaScript, since Pulumi compiles the TypeScript of a policy pack's entry with a compiler that is too old for the rest.
new PolicyPack("observability", { enforcementLevel: "mandatory", policies: [...policies] });
