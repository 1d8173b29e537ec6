import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { withCode } from "../../../config/coded-error.ts";
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

/**
 * A container once it has ended well: the provider takes one that ends with another code than 0 for one that has done
 * its work.
 *
 * @throws ResourceError with what is said of the code, when the container is asked for.
 */
export function succeeded<Once extends pulumi.Resource & Pick<docker.Container, "exitCode">>(
  container: Once,
  said: (code: number) => string,
): pulumi.Output<Once> {
  return container.exitCode.apply((code) => {
    if (code === 0) return container;
    throw new pulumi.ResourceError(withCode("OBS1210", said(code)), container, true);
  });
}
