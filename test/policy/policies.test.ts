import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PolicyResource, ResourceValidationArgs, StackValidationArgs } from "@pulumi/policy";
import { InstrumentedService } from "../../components/index.ts";
import { previewStack, type PreviewResource } from "../../components/testing.ts";
import { policies } from "../../policy/policies.ts";
import { types } from "../../policy/inputs.ts";
import { noCluster } from "../support/kubernetes-stack.ts";
import { noDocker } from "../support/settings.ts";

/** A resource as far as rules look at it. */
interface Example {
  readonly type: string;
  readonly props: Readonly<Record<string, unknown>>;
  readonly protect?: boolean;
}

/** What the rules report, as `rule: message`, as Pulumi would call them. */
function violations(examples: readonly Example[]): readonly string[] {
  const found: string[] = [];
  const resources = examples.map(({ type, props, protect = false }, index) => ({
    ...{ type, props, name: `${index}`, urn: `urn:pulumi:dev::shop::${type}::${index}`, opts: { protect } },
  })) as unknown as readonly PolicyResource[];
  for (const policy of policies) {
    const report = (message: string): void => {
      found.push(`${policy.name}: ${message}`);
    };
    if ("validateStack" in policy)
      void policy.validateStack({ resources: [...resources] } as StackValidationArgs, report);
    else if (typeof policy.validateResource === "function") {
      for (const resource of resources)
        void policy.validateResource(resource as unknown as ResourceValidationArgs, report);
    } else assert.fail(`${policy.name} has no rule`);
  }
  return found;
}

const container = {
  ...{ image: "registry.example.com/a:1", memory: 64, logDriver: "json-file" },
  logOpts: { "max-size": "10m", "max-file": "3" },
  ...{ capabilities: { drops: ["ALL"] }, securityOpts: ["no-new-privileges:true"] },
};
const securityContext = {
  ...{ allowPrivilegeEscalation: false, runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
  capabilities: { drop: ["ALL"] },
};
const podContainer = { name: "a", image: container.image, resources: { limits: { memory: "64Mi" } }, securityContext };
const metadata = { name: "a", namespace: "shop" };
const guard = { type: types.networkPolicy, props: { metadata, spec: {} } };

function docker(props: Readonly<Record<string, unknown>>): readonly Example[] {
  return [{ type: types.container, props: { ...container, ...props } }];
}

function deployment(
  own: Readonly<Record<string, unknown>>,
  pod: Readonly<Record<string, unknown>> = {},
): readonly Example[] {
  const spec = { containers: [{ ...podContainer, ...own }], ...pod };
  return [{ type: "kubernetes:apps/v1:Deployment", props: { metadata, spec: { template: { spec } } } }, guard];
}

/** For each rule what breaks it, and what it says. */
const examples: Readonly<Record<string, readonly (readonly [examples: readonly Example[], message: string])[]>> = {
  "loopback-only": [
    [
      docker({ ports: [{ internal: 80, ip: "10.0.0.1" }] }),
      "ports: must listen on 127.0.0.1, got 10.0.0.1 for the port 80; set ip",
    ],
    [docker({ ports: [{ internal: 80 }] }), "ports: must listen on 127.0.0.1, got 0.0.0.0 for the port 80; set ip"],
  ],
  "image-version": ["a:latest", "a", "registry.example.com:5000/a"].map((image) => [
    docker({ image }),
    `image: must have a tag other than latest, or a digest, got ${image}; name the version`,
  ]),
  "pulled-image-version": [
    [
      [{ type: types.image, props: { name: "a:latest" } }],
      "image: must have a tag other than latest, or a digest, got a:latest; name the version",
    ],
  ],
  "pod-image-version": [
    [deployment({ image: "a" }), "image: must have a tag other than latest, or a digest, got a; name the version"],
  ],
  "kept-volumes": [
    [
      [
        ...docker({ volumes: [{ volumeName: "data", containerPath: "/data" }] }),
        { type: types.volume, props: { name: "data" } },
      ],
      "protect: must be set for data, got none; set the option protect",
    ],
  ],
  "kept-claims": [
    [[{ type: types.claim, props: { metadata } }], "protect: must be set for data, got none; set the option protect"],
  ],
  "memory-limit": [[docker({ memory: undefined }), "memory: must be set, got none; say how many MiB it may have"]],
  "pod-memory-limit": [
    [deployment({ resources: {} }), "resources.limits.memory: must be set, got none for a; set it"],
    [
      deployment({}, { initContainers: [{ ...podContainer, name: "b", resources: { limits: { cpu: "1" } } }] }),
      "resources.limits.memory: must be set, got none for b; set it",
    ],
  ],
  "no-privileges": [
    [docker({ privileged: true }), "privileged: must not be set, got true; leave it out"],
    [docker({ capabilities: {} }), "capabilities.drops: must have ALL, got none; drop all"],
    [
      docker({ capabilities: { drops: ["ALL"], adds: ["CAP_CHOWN"] } }),
      "capabilities.adds: must be left out, got CAP_CHOWN; remove it",
    ],
    [
      docker({ mustRun: false, capabilities: { drops: ["ALL"], adds: ["CAP_CHOWN", "CAP_SYS_ADMIN"] } }),
      "capabilities.adds: must be left out, got CAP_SYS_ADMIN; remove it",
    ],
    [docker({ networkMode: "host" }), "networkMode: must not be the host's, got host; leave it out"],
    [docker({ pidMode: "host" }), "pidMode: must not be the host's, got host; leave it out"],
    [docker({ securityOpts: [] }), "securityOpts: must have no-new-privileges:true, got none; add it"],
    [docker({ devices: [{ hostPath: "/dev/kvm" }] }), "devices: must be left out, got some; remove them"],
  ],
  "no-host-mounts": [
    [
      docker({ volumes: [{ hostPath: "/etc", containerPath: "/x" }] }),
      "volumes: must be no folder of the host, got /etc; use a named volume, or uploads",
    ],
    [
      docker({ mounts: [{ type: "bind", source: "/var/run/docker.sock", target: "/x" }] }),
      "mounts: must be no folder of the host, got /var/run/docker.sock; use a named volume, or uploads",
    ],
  ],
  "log-rotation": [
    [docker({ logOpts: { "max-file": "3" } }), "logOpts: must have max-size, got none; set it"],
    [docker({ logDriver: undefined, logOpts: { "max-size": "1m" } }), "logOpts: must have max-file, got none; set it"],
  ],
  "restricted-pods": [
    [
      deployment({}, { hostNetwork: true }),
      'spec: must keep the restricted profile, got what breaks "Host Namespaces"; see its page in Kubernetes\' documentation',
    ],
    [
      deployment({ securityContext: { ...securityContext, privileged: true } }),
      'spec: must keep the restricted profile, got what breaks "Privileged Containers"; see its page in Kubernetes\' documentation',
    ],
  ],
  "network-policies": [
    [
      deployment({}).filter((example) => example !== guard),
      "metadata.namespace: must have a NetworkPolicy, got none; add one that denies all",
    ],
  ],
  "cluster-services": [
    ...["LoadBalancer", "NodePort"].map(
      (type) =>
        [
          [{ type: types.service, props: { metadata, spec: { type } } }],
          `spec.type: must be ClusterIP, got ${type}; use an Ingress`,
        ] as const,
    ),
    [
      [{ type: types.service, props: { metadata, spec: { externalIPs: ["10.0.0.1"] } } }],
      "spec.externalIPs: must be left out, got some; use an Ingress",
    ],
  ],
  "no-secret-variables": [
    [
      docker({ envs: ["A=1", "DB_PASSWORD=hunter2"] }),
      "DB_PASSWORD: must be no secret in an environment, got one that looks like a secret by its name; hand it over as a file, or from a Secret",
    ],
  ],
  "pod-no-secret-variables": [
    [
      deployment({ env: [{ name: "URL", value: "postgres://shop:hunter2@db/shop" }] }),
      "URL: must be no secret in an environment, got one that has a login in an address; hand it over as a file, or from a Secret",
    ],
  ],
};

describe("the policies", () => {
  it("are those of docs/policies.md", () => {
    const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "policies.md"), "utf8");
    const rows = [...page.matchAll(/^\| (`[^|]*)\|/gm)].flatMap(([, cell = ""]) => [...cell.matchAll(/`([^`]+)`/g)]);
    assert.deepEqual(rows.map(([, name]) => name).sort(), policies.map(({ name }) => name).sort());
  });

  it("have an example below that breaks each of them", () => {
    assert.deepEqual(policies.map(({ name }) => name).sort(), Object.keys(examples).sort());
    assert.ok(policies.every(({ description }) => description.endsWith(".")));
  });

  for (const [rule, broken] of Object.entries(examples)) {
    for (const [example, message] of broken) {
      it(`${rule} says: ${message}`, () => {
        assert.deepEqual(violations(example), [`${rule}: ${message}`]);
      });
    }
  }

  it("let what keeps them pass", () => {
    const ports = [{ internal: 80, external: 80, ip: "127.0.0.1" }];
    const good = [
      ...docker({ ports, envs: ["DB_PASSWORD_FILE=/run/secrets/db"], image: `sha256:${"a".repeat(64)}` }),
      ...docker({ image: `registry.example.com:5000/a@sha256:${"a".repeat(64)}`, mustRun: false, memory: 1 }),
      ...docker({
        volumes: [
          { volumeName: "data", containerPath: "/d" },
          { volumeName: "files", readOnly: true },
        ],
      }),
      { type: types.volume, props: { name: "data" }, protect: true },
      { type: types.volume, props: { name: "files" } },
      { type: types.claim, props: { metadata }, protect: true },
      ...deployment({ env: [{ name: "DB_PASSWORD", valueFrom: { secretKeyRef: { name: "db", key: "password" } } }] }),
      { type: types.service, props: { metadata, spec: {} } },
    ];
    assert.deepEqual(violations(good), []);
  });

  for (const settings of [
    { docker: { host: noDocker } },
    { target: "kubernetes", kubernetes: { ...noCluster, registry: "registry.example.com" } },
  ] as const) {
    it(`are kept by the stack and services beside it, ${JSON.stringify(settings)}`, async () => {
      const { resources } = await previewStack(settings, (stack) => {
        const ports = [{ name: "http", port: 8080, hostPort: 8085 }];
        const image = "registry.example.com/shop/checkout:1.4.2";
        const secretEnv = { DB_PASSWORD: "hunter2" };
        const volumes = { data: { path: "/data" } };
        new InstrumentedService("checkout", { stack, image, ports, secretEnv, volumes, instrument: "nodejs" });
      });
      assert.ok(resources.length > 20);
      assert.deepEqual(violations(resources.map(asExample)), []);
    });
  }
});

function asExample({ type, inputs, protect }: PreviewResource): Example {
  return { type, props: inputs, protect };
}
