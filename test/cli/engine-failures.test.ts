import assert from "node:assert/strict";
import { explain } from "../../cli/engine-failures.ts";
import { allCodes } from "../../generators/error-pages.ts";

describe("a failed deployment", () => {
  /** What Docker's provider and Pulumi really report, and the cause that the user is told. */
  const reports: readonly (readonly [report: string, code: string, cause: string | RegExp, next: RegExp])[] = [
    [
      "error: 1 error occurred:\n\t* Unable to create container with image sha256:1: Error response from daemon: write /var/lib/docker/x: no space left on device\n",
      "OBS1105",
      "the disk is full",
      /docker system df/,
    ],
    ["error: get stack: incorrect passphrase", "OBS1406", /passphrase does not fit/, /PULUMI_CONFIG_PASSPHRASE/],
    [
      "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with `pulumi cancel`.\n  file:///x/.pulumi/locks/a.json: created by me@host (pid 42) at 2026-01-02T03:04:05Z",
      "OBS1401",
      "another pulumi works on this stack: file:///x/.pulumi/locks/a.json: created by me@host (pid 42) at 2026-01-02T03:04:05Z",
      /wait until it has ended/,
    ],
    [
      "Running: pulumi stack select --stack dev\nerror: failed to load checkpoint: unexpected end of JSON input\n",
      "OBS1405",
      "the state of the stack cannot be read: unexpected end of JSON input",
      /\.pulumi\/backups/,
    ],
    [
      "error: get stack secrets manager: unable to read PULUMI_CONFIG_PASSPHRASE_FILE: read /x: is a directory",
      "OBS1406",
      "the file of the passphrase cannot be read: read /x: is a directory",
      /PULUMI_CONFIG_PASSPHRASE_FILE/,
    ],
    [
      "error: could not load plugin for docker provider 'urn:x': no resource plugin 'pulumi-resource-docker' found in the workspace at version v5.2.0",
      "OBS1103",
      /no resource plugin 'pulumi-resource-docker'|could not load plugin/,
      /pulumi plugin install/,
    ],
    [
      "error: 1 error occurred:\n\t* Unable to start container: Error response from daemon: driver failed programming external connectivity on endpoint x (1): Bind for 127.0.0.1:3000 failed: port is already allocated",
      "OBS1104",
      "127.0.0.1:3000 is in use by another program",
      /another port/,
    ],
    [
      'error: Unable to create container with image x: Error response from daemon: Conflict. The container name "/observability-dev-loki" is already in use by container "abc".',
      "OBS1207",
      "the container observability-dev-loki exists and does not belong to this stack",
      /observability:name/,
    ],
    [
      "error: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
      "OBS1204",
      /^the connection to Docker was lost: Cannot connect to the Docker daemon/,
      /start Docker/,
    ],
    [
      "sdk.helper_schema: Unable to create container: Error response from daemon: get observability-dev_loki_data: database not open",
      "OBS1204",
      "the connection to Docker was lost: get observability-dev_loki_data: database not open",
      /start Docker/,
    ],
  ];
  for (const [report, code, cause, next] of reports) {
    it(`is explained: ${report.split("\n")[0]?.slice(0, 70) ?? ""}`, () => {
      const explanation = explain([report], "");
      if (typeof cause === "string") assert.equal(explanation.cause, cause);
      else assert.match(explanation.cause, cause);
      assert.match(explanation.next, next);
      assert.equal(explanation.code, code);
    });
  }

  it("that nobody knows is told in a few lines, none twice", () => {
    const report = Array.from({ length: 50 }, (_, line) => `line ${line}`).join("\n");
    const { cause } = explain([`first\n\nfirst\n${report}`], "");
    assert.deepEqual(cause.split("\n"), [
      "first",
      "line 0",
      "line 1",
      "line 2",
      "line 3",
      "line 4",
      "… 45 more line(s)",
    ]);
  });

  it("has the code of the program's own error, and none that there is not", () => {
    const [code] = allCodes;
    const report = `error: a.image: must be an image, got 1; name one (${String(code)})`;
    assert.deepEqual(explain([report], ""), {
      cause: report,
      next: "solve what this says, then npm run up",
      code,
    });
    assert.equal(explain(["error: (OBS9999)"], "").code, undefined);
  });

  it("is told by what the command printed if the engine said nothing", () => {
    assert.equal(explain([], "Running: pulumi up\nerror: no stack\n").cause, "no stack");
  });
});
