import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random";
import { differenceText, kind, previewText } from "../../../cli/preview/report.ts";
import { previewProgram } from "../../../components/preview/preview-program.ts";
import { recordedIdentity } from "../../support/record-resources.ts";
import { sampleProgram } from "../../support/sample-program.ts";

const nothing = { memoryMib: 0, instances: [], volumes: [], hostPorts: [] };

describe("a preview as text", () => {
  it("is a tree of the resources with what is protected and what is secret", async () => {
    const { resources } = await previewProgram(() => {
      sampleProgram();
    }, recordedIdentity);
    const text = previewText({ resources, files: [], ports: [], footprint: nothing }, {});
    assert.equal(
      text.split("\n\n", 1)[0],
      [
        "Resources (7)",
        "  test:Sample              sample",
        "    docker:Container       store     secret: uploads",
        "    docker:Network         network",
        "    docker:RemoteImage     image",
        "    docker:Volume          data      protected",
        "    provider:docker        docker",
        "    random:RandomPassword  password  protected, secret: bcryptHash, result",
      ].join("\n"),
    );
  });

  it("has a component's own details first, then the components within it, the largest first", async () => {
    const { resources } = await previewProgram(() => {
      const component = (name: string, opts?: pulumi.ComponentResourceOptions): pulumi.ComponentResource =>
        new pulumi.ComponentResource("a:index:A", name, {}, opts);
      component("small");
      const parent = component("large");
      component("empty", { parent });
      const inner = component("inner", { parent });
      for (const name of ["two", "one"]) new RandomPassword(name, { length: 8 }, { parent: inner });
      new RandomPassword("own", { length: 8 }, { parent });
    }, recordedIdentity);
    const text = previewText({ resources, files: [], ports: [], footprint: nothing }, {});
    assert.deepEqual(
      [...text.matchAll(/^ +(?:a:A|random:RandomPassword) +(\w+)/gm)].map(([, name]) => name),
      ["large", "own", "inner", "one", "two", "empty", "small"],
    );
  });

  it("says how long each file is, and of a secret one no more than that", () => {
    const files = [
      { workload: "loki", path: "/etc/loki.yaml", content: "a: 1\nb: ü\n", secret: false },
      { workload: "grafana", path: "/one", content: "x", secret: false },
      { workload: "grafana", path: "/run/secrets/password", content: undefined, secret: true },
    ];
    assert.match(
      previewText({ resources: [], files, ports: [], footprint: nothing }, {}),
      new RegExp(
        [
          "^Files \\(3\\)",
          "  loki     /etc/loki\\.yaml         2 lines, 11 bytes",
          "  grafana  /one                   1 line, 1 byte",
          "  grafana  /run/secrets/password  secret$",
        ].join("\n"),
        "m",
      ),
    );
  });

  it("shows ports, addresses and the footprint", () => {
    const text = previewText(
      {
        resources: [],
        files: [],
        ports: [{ hostPort: 3000, address: "127.0.0.1:3000", workload: "grafana", name: "http", port: 3001 }],
        footprint: {
          memoryMib: 640,
          instances: [
            { name: "dev-grafana", workload: "grafana", replicas: 3, memoryMib: 384 },
            { name: "dev-loki", workload: "loki", replicas: 1, memoryMib: 256 },
          ],
          volumes: [{ name: "dev_grafana_data", workload: "grafana", path: "/data" }],
          hostPorts: [3000],
        },
      },
      { grafana: "http://127.0.0.1:3000" },
    );
    assert.equal(
      text,
      `Resources (0)
  none

Files (0)
  none

Ports on this machine (1)
  127.0.0.1:3000  → grafana:3001  http

URLs
  grafana  http://127.0.0.1:3000

Footprint
  memory limits: 640 MiB in 4 containers
    dev-grafana    384 MiB
    dev-loki       256 MiB
  volumes: 1
    dev_grafana_data  grafana:/data
  ports: 1`,
    );
  });

  it("names a resource's kind by its package and its last word", () => {
    assert.equal(kind("docker:index/container:Container"), "docker:Container");
    assert.equal(kind("observability:index:Loki"), "observability:Loki");
    assert.equal(kind("pulumi:providers:docker"), "provider:docker");
  });
});

describe("a difference as text", () => {
  const none = { inputs: [], protect: false };
  const type = "docker:index/container:Container";

  it("has a line for each change, and says that nobody was asked and who asks", () => {
    const text = differenceText(
      {
        changes: [
          { ...none, kind: "create", urn: "1", type, name: "new" },
          { ...none, kind: "change", urn: "2", type, name: "changed", inputs: ["envs", "memory"] },
          { ...none, kind: "remove", urn: "3", type, name: "old" },
          { ...none, kind: "remove", urn: "4", type: "docker:index/volume:Volume", name: "data", protect: true },
        ],
        unchanged: 40,
      },
      "dev",
    );
    assert.equal(
      text,
      `Planned difference to the deployed state of dev
  + create  docker:Container  new
  ~ change  docker:Container  changed  envs, memory
  - remove  docker:Container  old
  - remove  docker:Volume     data     protected: Pulumi refuses to delete it
  40 unchanged
  Computed from the program and the state alone. No provider and nothing that runs was asked, so what was
  changed by hand and what has to be replaced is not shown; \`npm run pulumi -- preview --stack dev\` shows it.`,
    );
  });
});
