import assert from "node:assert/strict";
import { Docker } from "../../../cli/docker/docker.ts";
import { serviceContainers } from "../../../cli/docker/service-containers.ts";
import { exportNothing } from "../../../cli/why/exchange.ts";
import { fakeCommand } from "../../support/fake-command.ts";

const published = { grpc: "http://127.0.0.1:4317", http: "http://127.0.0.1:4318" };

describe("the containers of services", () => {
  const container = (
    name: string,
    changed: { labels?: object; state?: object; mode?: string; networks?: object; program?: string },
  ): object => ({
    Name: `/${name}`,
    Path: changed.program ?? "node",
    Config: {
      Image: `image-of-${name}`,
      WorkingDir: "/app",
      Env: ["PATH=/bin:/usr/bin", "OTEL_SERVICE_NAME=a=b", "PASSWORD=hunter2"],
      Entrypoint: null,
      Cmd: ["node", "main.js"],
      Labels: changed.labels ?? {},
    },
    HostConfig: { NetworkMode: changed.mode ?? "shop" },
    State: { Status: "running", ExitCode: 0, OOMKilled: false, StartedAt: "2026-01-01T00:00:00Z", ...changed.state },
    NetworkSettings: { Networks: changed.networks ?? { shop: {} } },
  });
  const ofStack = (workload: string, name = "shop"): object => ({
    labels: { "observability.workload": workload, "observability.name": name },
  });
  const containers = [
    container("shop-victoria-metrics", ofStack("victoria-metrics")),
    container("shop-loki-ready", ofStack("loki-ready")),
    container("shop-backend", ofStack("backend")),
    container("other-backend", ofStack("backend", "other")),
    container("compose-1", { labels: { "com.docker.compose.service": "checkout" }, networks: { compose: {} } }),
    container("on-host", { mode: "host", networks: { host: {} } }),
    container("dead", { state: { Status: "exited", ExitCode: 137, OOMKilled: true } }),
  ];
  const script = `case "$1 $2" in
      "container ls") echo id;;
      "container inspect") echo '${JSON.stringify(containers)}';;
      "logs --tail") echo out; echo err >&2;;
      "run --rm") echo "nc: bad address 'otel-collector'" >&2; exit 1;;
      "rm --force") exit 1;;
    esac`;

  it("are all but parts and other stacks', with what their variables of telemetry, state and network are", async () => {
    const fake = fakeCommand("docker", script);
    try {
      const found = await serviceContainers({ docker: new Docker(undefined, fake.env), network: "shop", published });
      assert.deepEqual(
        found.map(({ name, aliases, state, hasOwnLocalhost, collector, apart }) => [
          ...[name, aliases, state, hasOwnLocalhost],
          ...[collector.http, apart?.next],
        ]),
        [
          [
            "container shop-backend",
            ["shop-backend", "backend"],
            "running",
            true,
            "http://otel-collector:4318",
            undefined,
          ],
          [
            "container compose-1",
            ["compose-1", "checkout"],
            "running",
            true,
            "http://otel-collector:4318",
            "docker network connect shop compose-1",
          ],
          ["container on-host", ["on-host"], "running", false, published.http, undefined],
          [
            "container dead",
            ["dead"],
            "exited, its last run ended with 137, killed for its memory",
            true,
            "http://otel-collector:4318",
            undefined,
          ],
        ],
      );
      assert.deepEqual(found[0]?.env, { OTEL_SERVICE_NAME: "a=b" });
      assert.equal(await found[0].lastLines(), "out\nerr");
      const endpoint = { signal: "logs", host: "otel-collector", port: 4318, isTls: false, path: "/v1/logs" } as const;
      const connect = await found[0].connection();
      assert.ok(typeof connect === "function");
      assert.deepEqual(await exportNothing({ ...endpoint, protocol: "http/protobuf" }, connect), {
        step: "connect",
        seen: "bad address 'otel-collector'",
      });
      assert.deepEqual(await found[3]?.connection(), { notTried: "it does not run" });
    } finally {
      fake.remove();
    }
  });

  it("are looked into for Go, where their program is: in the working directory, or in the first of the path that has it", async () => {
    const named = { relative: "./orders", found: "orders", other: "/bin/sh", none: "gone" };
    const all = Object.entries(named).map(([name, program]) => container(name, { program }));
    const fake = fakeCommand(
      "docker",
      `case "$*" in
        "container ls "*) echo id;;
        "container inspect "*) echo '${JSON.stringify(all)}';;
        "cp --follow-link relative:/app/orders -" | "cp --follow-link found:/usr/bin/orders -") printf 'ELF\\377 Go buildinf:x';;
        "cp --follow-link other:/bin/sh -") echo "ELF Go buildinf:";;
        *) exit 1;;
      esac`,
    );
    try {
      const found = await serviceContainers({ docker: new Docker(undefined, fake.env), network: "shop", published });
      assert.deepEqual(await Promise.all(found.map((one) => one.languageInside())), [
        ...["go", "go"],
        ...[undefined, undefined],
      ]);
    } finally {
      fake.remove();
    }
  });
});
