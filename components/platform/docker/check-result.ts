import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { failedCheck } from "../../../config/failed-check.ts";
import type { Check } from "../../../config/parts/part.ts";
import type { SecretFile } from "../workload.ts";

/**
 * "passed", if a check's container has ended with 0. To the provider each container that has ended has done its work.
 *
 * @throws ResourceError with what the check printed, secrets left out, when the result is asked for.
 */
export function checkResult(
  container: pulumi.Resource & Pick<docker.Container, "exitCode" | "containerLogs">,
  check: Check,
  secretFiles: readonly SecretFile[],
): pulumi.Output<string> {
  const secrets = pulumi.all(secretFiles.map(({ content }) => content));
  const end = pulumi.all([container.exitCode, container.containerLogs, secrets]);
  const result = end.apply(([code, said, hidden]) => {
    if (code === 0) return "passed";
    throw new pulumi.ResourceError(failedCheck(check.setting, said, hidden), container, true);
  });
  return pulumi.unsecret(result);
}
